"""What this machine is called on the local network: its name, and its addresses as they are now."""

from __future__ import annotations

import contextlib
import fcntl
import re
import socket
import struct
from dataclasses import dataclass

SIOCGIFADDR = 0x8915
"""Asks the kernel for an interface's IPv4 address (Linux, netdevice(7))."""
_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class OwnNames:
    """As a browser on the same network may write them."""

    names: tuple[str, ...]
    """In lower case: the host's name, alone and as multicast DNS has it."""
    addresses: tuple[str, ...]
    """IPv4, without loopback; empty while there is no network."""

    @property
    def all(self) -> tuple[str, ...]:
        """The likeliest to work first; on this machine itself, there is always one."""
        return (*self.addresses, *self.names, "localhost")


def own_names() -> OwnNames:
    """Nothing is asked of the network; some microseconds for each interface."""
    return OwnNames(_host_names(socket.gethostname()), _addresses())


def _host_names(given: str) -> tuple[str, ...]:
    """A name that no certificate could hold is left out."""
    name = given.lower()
    if not _NAME.fullmatch(name) or name == "localhost":
        return ()
    return tuple(dict.fromkeys((name, f"{name.partition('.')[0]}.local")))


def _addresses() -> tuple[str, ...]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, interface in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without an address
                request = struct.pack("256s", interface.encode()[:15])
                answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, request)
                found.append(socket.inet_ntoa(answer[20:24]))
    return tuple(sorted(address for address in set(found) if not address.startswith("127.")))
