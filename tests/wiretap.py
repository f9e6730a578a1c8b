"""Between a device and its gateway on this machine, where nothing is encrypted: all that passes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

HEADERS_END = b"\r\n\r\n"


@dataclass
class Wiretap:
    """One piece of `up` and `down` for each connection."""

    port: int = 0
    """Where the device calls."""
    up: list[bytearray] = field(default_factory=list)
    down: list[bytearray] = field(default_factory=list)
    cut: bool = False
    """Who calls is hung up on."""
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def hang_up(self) -> None:
        """Now, and on whoever calls from now on."""
        self.cut = True
        for writer in self._open:
            writer.close()

    def passed(self) -> bytes:
        """What crossed either way, as it did and without the masks that a WebSocket's client puts on."""
        return b"\n".join([*self.up, *self.down, *(unmasked(bytes(stream)) for stream in self.up)])


@contextlib.asynccontextmanager
async def wiretap(host: str) -> AsyncIterator[Wiretap]:
    """In front of a gateway's host and port."""
    address, _, port = host.rpartition(":")
    tap = Wiretap()

    async def listen_in(near: asyncio.StreamReader, device: asyncio.StreamWriter) -> None:
        if tap.cut:
            device.close()
            return
        far, gateway = await asyncio.open_connection(address, int(port))
        ends = {device, gateway}
        tap._open |= ends
        tap.up.append(bytearray())
        tap.down.append(bytearray())
        try:
            await asyncio.gather(_pass_on(near, gateway, tap.up[-1]), _pass_on(far, device, tap.down[-1]))
        finally:
            tap._open -= ends

    async with await asyncio.start_server(listen_in, "127.0.0.1", 0) as server:
        tap.port = server.sockets[0].getsockname()[1]
        yield tap
        tap.hang_up()


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, kept: bytearray) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            kept += data
            writer.write(data)
            await writer.drain()
    writer.close()


def unmasked(stream: bytes) -> bytes:
    """The payloads that a WebSocket's client sent (RFC 6455, 5.2), joined; the last may be cut off."""
    _, _, frames = stream.partition(HEADERS_END)
    payloads, at = bytearray(), 0
    while at + 2 <= len(frames):
        length, at = frames[at + 1] & 0x7F, at + 2
        extended = {126: 2, 127: 8}.get(length, 0)
        if extended:
            length, at = int.from_bytes(frames[at : at + extended], "big"), at + extended
        mask, at = frames[at : at + 4], at + 4
        masked, at = frames[at : at + length], at + length
        payloads += bytes(byte ^ mask[place % 4] for place, byte in enumerate(masked))
    return bytes(payloads)
