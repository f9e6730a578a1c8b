"""Opening a WebSocket to System 2: the name, the socket, TLS, the handshake; every failure as a Setback."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus
from websockets.typing import Subprotocol

from device.errors import EgressDenied, StageError
from device.jobs import StopFlag, Worker
from device.link.address import Address
from device.link.checked_json import LONGEST_TEXT_BYTES
from device.link.dialect import Wire
from device.link.setback import Pace, Setback, of_close, of_status
from device.link.way import Way

OPENING_S = 10.0
"""Look-up, connection, TLS and handshake together."""
EACH_ADDRESS_S = 4.0
CLOSING_S = 1.0
"""How long whoever broke the rules may take to hang up."""
GOODBYE_S = 0.5
UNACKNOWLEDGED_S = 20.0
"""What the kernel has sent and nobody has acknowledged for so long ends the connection (RFC 5482)."""
MOST_UNSENT_BYTES = 4096
"""The kernel takes no more than this ahead of the network, else seconds of old sound would wait there."""
MOST_WAITING_BYTES = 1 << 20
"""Of messages that have come and were not read yet."""


_TUNING: dict[int, int] = {
    getattr(socket, name): value
    for name, value in (
        ("TCP_USER_TIMEOUT", round(1000 * UNACKNOWLEDGED_S)),
        ("TCP_NOTSENT_LOWAT", MOST_UNSENT_BYTES),
    )
    if hasattr(socket, name)
}
"""Linux has both; where a system lacks one, pings still find a dead link."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """What the thread that may block has found out."""

    addresses: tuple[tuple[socket.AddressFamily, tuple[str, int]], ...]
    tls: ssl.SSLContext | None
    key: str


class Dialler:
    """Opens connections to one address; `key_file` is read anew each time."""

    def __init__(self, address: Address, way: Way, *, ca_file: str = "", key_file: str = "") -> None:
        self._address = address
        self._way = way
        self._ca_file = ca_file
        self._key_file = key_file
        self._tls: ssl.SSLContext | None = None
        self._blocking: Worker[None] = Worker("look-up of System 2", lambda: None)

    async def __call__(
        self, subprotocol: str | None, longest_frame_bytes: int = LONGEST_TEXT_BYTES
    ) -> WebSocket:
        """Longer messages end the connection before they are read. Raises Setback. Cancel-safe."""
        permission = ExitStack()
        with _setbacks(self._address), permission:
            async with asyncio.timeout(OPENING_S):
                prepared = await self._prepared(permission)
                return WebSocket(await self._connect(prepared, subprotocol, longest_frame_bytes))

    async def _prepared(self, permission: ExitStack) -> _Prepared:
        """The thread ends with it: it is needed for a moment in hours."""
        try:
            return await self._blocking.run(lambda _, stop: self._prepare(permission, stop), OPENING_S)
        finally:
            await self._blocking.close(grace_s=0)

    def _prepare(self, permission: ExitStack, stop: StopFlag) -> _Prepared:
        """In a thread: it blocks for the network's name service and the disk."""
        permission.enter_context(self._way.open())
        if stop:
            permission.close()
        address = self._address
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        addresses = tuple(dict.fromkeys((one[0], one[4][:2]) for one in found))
        if address.secure and self._tls is None:
            self._tls = _tls(self._ca_file)
        return _Prepared(addresses, self._tls, _key(self._key_file))  # type: ignore[arg-type]

    async def _connect(
        self, prepared: _Prepared, subprotocol: str | None, longest_frame_bytes: int
    ) -> ClientConnection:
        headers = {"Authorization": f"Bearer {prepared.key}"} if prepared.key else None
        connected = await _first_reachable(prepared.addresses)
        try:
            return await connect(
                self._address.url,
                sock=connected,
                ssl=prepared.tls,
                server_hostname=self._address.host if prepared.tls else None,
                subprotocols=[Subprotocol(subprotocol)] if subprotocol else None,
                additional_headers=headers,
                user_agent_header=None,
                compression=None,
                proxy=None,
                open_timeout=None,  # bounded as a whole
                ping_interval=None,  # pings of our own: the library's would wait behind a full buffer
                close_timeout=CLOSING_S,
                max_size=longest_frame_bytes,
                max_queue=max(1, MOST_WAITING_BYTES // longest_frame_bytes),
                write_limit=MOST_UNSENT_BYTES,
            )
        except BaseException:
            connected.close()
            raise


class WebSocket:
    """An open connection (connection.Socket)."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, frame: Wire) -> None:
        """Waits while the network takes nothing. Raises Setback."""
        try:
            await self._connection.send(frame)
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def receive(self) -> Wire:
        """Raises Setback. Cancel-safe."""
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def ping(self) -> float:
        """Seconds to the other side and back. Raises Setback."""
        try:
            return await (await self._connection.ping())
        except ConnectionClosed as error:
            raise _closed(error) from error

    async def close(self) -> None:
        """Say goodbye, but not for long, and hang up whatever the other side does."""
        hang_up = self._connection.transport.abort
        late = asyncio.get_running_loop().call_later(GOODBYE_S, hang_up)
        try:
            await self._connection.close()
        finally:
            late.cancel()
            hang_up()


def _closed(error: ConnectionClosed) -> Setback:
    if error.sent is not None and not error.rcvd_then_sent and error.sent.code in (1002, 1007, 1009):
        return Setback("System 2 sent what no System 2 may send, and was hung up on.", Pace.SLOWLY)
    return of_close(error.rcvd.code if error.rcvd else None, error.rcvd.reason if error.rcvd else "")


async def _first_reachable(
    addresses: tuple[tuple[socket.AddressFamily, tuple[str, int]], ...],
) -> socket.socket:
    """A connected socket. Raises OSError, of the last address that was tried."""
    failed: OSError = OSError(errno.EHOSTUNREACH, "no address")
    for family, where in addresses:
        one = socket.socket(family, socket.SOCK_STREAM)
        try:
            one.setblocking(False)
            for option, value in _TUNING.items():
                one.setsockopt(socket.IPPROTO_TCP, option, value)
            async with asyncio.timeout(EACH_ADDRESS_S):
                await asyncio.get_running_loop().sock_connect(one, where)
        except OSError as error:
            one.close()
            failed = error
        except BaseException:
            one.close()
            raise
        else:
            return one
    raise failed


def _tls(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:
        raise Setback(
            f"system2.ca_file is {ca_file!r}, which holds no certificates that can be read: "
            "write a PEM file there.",
            Pace.SLOWLY,
        ) from error


def _key(key_file: str) -> str:
    if not key_file:
        return ""
    try:
        file = Path(key_file)
        if file.stat().st_mode & 0o077:
            raise Setback(f"Others could read the key in {key_file}: chmod 600 it.", Pace.SLOWLY)
        key = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise Setback(f"system2.key_file is {key_file!r}, which cannot be read.", Pace.SLOWLY) from error
    if not key or not key.isprintable() or " " in key:
        raise Setback(f"system2.key_file is {key_file!r}, which holds no key.", Pace.SLOWLY)
    return key


# --- what can go wrong -----------------------------------------------------------------------------

_CERTIFICATE = {
    10: "System 2's certificate has expired, or this device's clock is wrong.",
    9: "System 2's certificate is not valid yet: this device's clock is wrong.",
    62: "System 2's certificate is for another name than the one in system2.url.",
    64: "System 2's certificate is for another address than the one in system2.url.",
}
"""By OpenSSL's X509_V_ERR codes."""

_SENTENCES: tuple[tuple[type[BaseException], str, Pace], ...] = (
    (EgressDenied, "{error}", Pace.SLOWLY),
    (ssl.SSLError, "The server at {where} does not speak TLS as it should.", Pace.LATER),
    (socket.gaierror, "{host} cannot be found: is the device online, and the name right?", Pace.SOON),
    (ConnectionRefusedError, "Nobody takes connections at {where}: is System 2 running?", Pace.SOON),
    (ConnectionError, "The server at {where} hung up: is it ws:// or wss:// that it speaks?", Pace.SOON),
    (TimeoutError, "System 2 at {where} cannot be reached: is the device online?", Pace.SOON),
    (StageError, "The name {host} could not be looked up: is the device online?", Pace.SOON),
    (InvalidMessage, "The server at {where} broke off before it greeted.", Pace.SOON),
    (InvalidHandshake, "The server at {where} is no System 2: is system2.url right?", Pace.SLOWLY),
    (ValueError, "The server at {where} points elsewhere: write that into system2.url.", Pace.SLOWLY),
    (OSError, "System 2 at {where} cannot be reached ({error}).", Pace.SOON),
)
"""The most telling first."""


@contextlib.contextmanager
def _setbacks(address: Address) -> Iterator[None]:
    try:
        yield
    except Setback:
        raise
    except InvalidStatus as error:
        raise of_status(error.response.status_code, error.response.headers.get("Retry-After", "")) from error
    except ssl.SSLCertVerificationError as error:
        unknown = "System 2's certificate is signed by nobody whom this device trusts: see system2.ca_file."
        raise Setback(_CERTIFICATE.get(error.verify_code, unknown), Pace.LATER) from error
    except tuple(kind for kind, _, _ in _SENTENCES) as error:
        where = f"{address.host} port {address.port}"
        for kind, sentence, pace in _SENTENCES:
            if isinstance(error, kind):
                raise Setback(sentence.format(error=error, host=address.host, where=where), pace) from error
        raise
