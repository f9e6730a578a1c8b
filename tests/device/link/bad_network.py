"""A network between the device and System 2 that does what networks do: a proxy on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field


@dataclass
class Trouble:
    """What is wrong with it; may change while connections are open."""

    delay_s: float = 0.0
    """Each way."""
    late_s: Callable[[], float] = lambda: 0.0
    """How much later than that a piece comes, drawn for each; their order stays, as TCP keeps it."""
    slices: int = 0
    """Bytes are passed on so many at a time."""
    swallows: bool = False
    """Half open: takes everything, passes on nothing, says nothing."""
    stalls: bool = False
    """Takes nothing of what the device sends, so that it piles up there."""
    connections: list[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = field(default_factory=list)

    def reset(self) -> None:
        """RST to the device."""
        for device, _ in self.connections:
            raw = device.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            device.transport.abort()

    def half_close(self) -> None:
        """FIN to the device, while the other direction stays open."""
        for device, _ in self.connections:
            device.write_eof()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, trouble: Trouble, *, up: bool
) -> None:
    loop = asyncio.get_running_loop()
    free_s = 0.0
    with contextlib.suppress(ConnectionError, RuntimeError):
        while not (up and trouble.stalls) and (data := await reader.read(4096)):
            if trouble.swallows:
                continue
            size = trouble.slices or len(data)
            pieces = [data[at : at + size] for at in range(0, len(data), size)]
            for piece in pieces:
                free_s = max(free_s + 1e-6, loop.time() + trouble.delay_s + trouble.late_s())
                if trouble.delay_s or free_s > loop.time() + 1e-3:
                    loop.call_at(free_s, writer.write, piece)
                else:
                    writer.write(piece)
                    await writer.drain()
                if trouble.slices:
                    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def network(port: int, trouble: Trouble) -> AsyncIterator[int]:
    """In front of a port on loopback; its own."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        there, back = await asyncio.open_connection("127.0.0.1", port)
        trouble.connections.append((writer, back))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, back, trouble, up=True))
                down = group.create_task(_pass_on(there, writer, trouble, up=False))
                await asyncio.wait([down])
                if not trouble.swallows:
                    raise ConnectionResetError
        except* (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            trouble.connections.remove((writer, back))
            writer.transport.abort()
            back.transport.abort()

    serving = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield serving.sockets[0].getsockname()[1]
    finally:
        serving.close()
        for device, back in [*trouble.connections]:
            device.transport.abort()
            back.transport.abort()
