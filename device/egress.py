"""The one gate out of this device: counts what leaves it, and lets nothing leave past it.

Whoever wants to open a connection asks for a permit first: which peer, and for how long. The guard is a
hook of the interpreter on every connection, datagram, name look-up and listening socket; without a
permit the call is refused before a packet is sent. Loopback and local sockets do not leave the device.
The light follows what was really counted here, never an intention.
"""

from __future__ import annotations

import contextlib
import enum
import ipaddress
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from device.errors import EgressDenied

LEAVING_S = 0.3
"""How long after its last byte content still counts as leaving: long enough for a light to be seen."""


NATIVE_OFF = {"ORT_DISABLE_TELEMETRY": "1"}
"""ONNX Runtime reports to its makers from native code, which no hook of the interpreter sees: its wheels
from 1.31 on hold such a client, and this variable, set before the import, keeps it from starting."""


class Content(enum.Enum):
    """What it is that leaves."""

    AUDIO = "audio"
    TEXT = "text"
    PICTURE = "picture"
    CONTROL = "control"
    """Nothing of a person: greetings, pings, acknowledgements."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who receives it: a host, by name or by address, and a port."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Sent:
    """What one peer was sent of one kind since the start."""

    sent_bytes: int
    last_s: float
    """Monotonic."""
    first_utc: str
    last_utc: str


class Egress:
    """Permits and counts. Safe to use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._permits: list[tuple[str, int]] = []
        self._sent: dict[tuple[Peer, Content], Sent] = {}
        self._observers: list[Callable[[], None]] = []

    @contextlib.contextmanager
    def permit(self, peer: Peer) -> Iterator[None]:
        """While this is open, connections to `peer` are allowed.

        Its name is looked up here, once, and only the addresses found count: a name that changes its
        mind later leads nowhere. The look-up blocks. Raises OSError when there is no such host.
        """
        with self._lock:
            self._names.append(peer.host)
        addresses: set[tuple[str, int]] = set()
        try:
            found = socket.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
            addresses = {(str(info[4][0]), peer.port) for info in found}
            with self._lock:
                self._permits += addresses
            yield
        finally:
            with self._lock:
                self._names.remove(peer.host)
                for address in addresses:
                    self._permits.remove(address)

    def count(self, peer: Peer, content: Content, sent_bytes: int) -> None:
        """So much was handed to the network, just now."""
        now_s, now_utc = self._clock(), datetime.now(UTC).isoformat(timespec="seconds")
        with self._lock:
            before = self._sent.get((peer, content), Sent(0, now_s, now_utc, now_utc))
            total = before.sent_bytes + sent_bytes
            self._sent[peer, content] = replace(before, sent_bytes=total, last_s=now_s, last_utc=now_utc)
            observers = tuple(self._observers)
        if content is not Content.CONTROL:
            for tell in observers:
                tell()

    def observe(self, tell: Callable[[], None]) -> Callable[[], None]:
        """`tell` is called whenever content leaves, in the thread that sent it, until what is returned is."""
        with self._lock:
            self._observers.append(tell)
        return lambda: self._forget(tell)

    def _forget(self, tell: Callable[[], None]) -> None:
        with self._lock:
            self._observers.remove(tell)

    @property
    def leaving(self) -> bool:
        """Whether content left within the last 0.3 s."""
        now_s = self._clock()
        return any(
            content is not Content.CONTROL and now_s - sent.last_s < LEAVING_S
            for (_, content), sent in self.sent().items()
        )

    def sent(self) -> Mapping[tuple[Peer, Content], Sent]:
        """Everything that was counted, by peer and kind."""
        with self._lock:
            return dict(self._sent)

    def check_address(self, address: object) -> None:
        """Raises EgressDenied for an address beyond this machine that nobody has a permit for."""
        if not isinstance(address, tuple) or is_local(str(address[0])):
            return
        host, port = str(address[0]), int(address[1])
        with self._lock:
            if (host, port) in self._permits:
                return
        raise _denied(f"A connection to {host} port {port} was refused: nothing may leave unpermitted.")

    def check_name(self, host: object) -> None:
        """Raises EgressDenied for a look-up of a name that nobody has a permit for: asking tells, too."""
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        with self._lock:
            if name in self._names:
                return
        if isinstance(name, str) and not is_local(name) and not _is_address(name):
            raise _denied(f"A look-up of {name} was refused: nothing may leave unpermitted.")

    def check_reverse(self, host: object) -> None:
        """Raises EgressDenied for asking whose a distant address is: that question leaves, too."""
        if not is_local(str(host)) and _is_address(str(host)):
            raise _denied(f"A look-up of {host} was refused: nothing may leave unpermitted.")
        self.check_name(host)


def _denied(sentence: str) -> EgressDenied:
    denied = EgressDenied(sentence)
    denied.strerror = sentence  # asyncio's servers put it in lower case, so it may not be None
    return denied


def is_local(host: str) -> bool:
    """This machine itself, or no host at all."""
    if host in ("", "localhost"):
        return True
    return _is_address(host) and ipaddress.ip_address(host.partition("%")[0]).is_loopback


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


# --- the guard -----------------------------------------------------------------------------------


def _check_bind(egress: Egress, address: object) -> None:
    """A server that others can reach needs a permit for its own address; any free port of all does, too."""
    if isinstance(address, tuple) and address[0] == "":
        address = ("0.0.0.0", *address[1:])
    egress.check_address(address)


_CHECKS: dict[str, Callable[[Egress, tuple[Any, ...]], None]] = {
    "socket.connect": lambda egress, given: egress.check_address(given[1]),
    "socket.sendto": lambda egress, given: egress.check_address(given[1]),
    "socket.sendmsg": lambda egress, given: egress.check_address(given[1]),
    "socket.bind": lambda egress, given: _check_bind(egress, given[1]),
    "socket.getaddrinfo": lambda egress, given: egress.check_name(given[0]),
    "socket.gethostbyname": lambda egress, given: egress.check_name(given[0]),
    "socket.gethostbyaddr": lambda egress, given: egress.check_reverse(given[0]),
    "socket.getnameinfo": lambda egress, given: egress.check_reverse(given[0][0]),
}
"""Audit events of CPython's socket module, and what each is asked. A client's own bind is checked, too."""


class _Guard:
    """A hook can never be taken out, so there is one, and it asks whoever is responsible now."""

    def __init__(self) -> None:
        self.egress: Egress | None = None
        self.hooked = False

    def __call__(self, event: str, given: tuple[Any, ...]) -> None:
        check = _CHECKS.get(event)
        if check is not None and self.egress is not None:
            check(self.egress, given)


_guard = _Guard()


def install_guard(egress: Egress | None) -> None:
    """From now on everything beyond this machine needs a permit of `egress`; None: nobody is asked.

    Native libraries that would report by themselves are told not to, so this comes before their import.
    """
    os.environ.update(NATIVE_OFF)
    _guard.egress = egress
    if not _guard.hooked:
        _guard.hooked = True
        sys.addaudithook(_guard)
