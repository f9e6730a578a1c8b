"""A System 2 for tests: a real WebSocket server on loopback that does as it is told; and a device's parts."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection, serve

from device.audio.jitter_buffer import JitterBuffer
from device.contracts import Audio, LinkHealth, Question, ReplyItem
from device.link import native as n
from device.link.address import socket_address
from device.link.channel import Taker, rejects
from device.link.dialect import Codec, Dialect
from device.link.dialling import Dialler
from device.link.link import Calls, Link
from device.link.native_dialect import NativeDialect, Wish
from device.link.turns import Rules, Sounds
from device.link.way import Kind
from tests.until import until

LONG_S = 5.0
"""Of the tests' patience on a busy machine; nothing waits for so long unless it fails."""


class Signer:
    device_id = "d" * 16
    public_key = "public"

    def sign(self, message: bytes) -> str:
        return f"signed {len(message)}"


@dataclass
class CountedWay:
    """Counts, and lets everything through."""

    sent_bytes: dict[Kind, int] = field(default_factory=dict)
    opened: int = 0

    def open(self) -> AbstractContextManager[None]:
        self.opened += 1
        return contextlib.nullcontext()

    def sent(self, kind: Kind, sent_bytes: int) -> None:
        self.sent_bytes[kind] = self.sent_bytes.get(kind, 0) + sent_bytes


class PlainEncoder:
    """Packets of 60 ms that hold their PCM's first bytes."""

    def __init__(self, codec: Codec) -> None:
        self._numbers = itertools.count()
        self._pcm = b""
        self._packet_bytes = 2 * codec.rate_hz * codec.frame_ms // 1000

    def encode(self, pcm: bytes) -> list[tuple[int, bytes]]:
        self._pcm += pcm
        packets = []
        while len(self._pcm) >= self._packet_bytes:
            packets.append((next(self._numbers), self._pcm[:8]))
            self._pcm = self._pcm[self._packet_bytes :]
        return packets

    def finish(self) -> list[tuple[int, bytes]]:
        return [(next(self._numbers), self._pcm[:8])] if self._pcm else []


class PlainDecoder:
    """A packet is its own PCM."""

    def __init__(self, codec: Codec) -> None:
        self._rate_hz = codec.rate_hz

    def decode(self, number: int, packet: bytes) -> Audio | None:
        return Audio(packet, self._rate_hz)


PLAIN = Sounds(PlainEncoder, PlainDecoder, JitterBuffer)


@dataclass
class Device:
    """A link and what it told."""

    link: Link
    way: CountedWay
    healths: list[LinkHealth]
    halts: list[bool]
    asked: list[str]

    async def up(self) -> None:
        await until(lambda: self.link.health.up)


def device(
    url: str,
    *,
    rules: Rules = Rules(hears=True),  # noqa: B008 - frozen
    wants_sound: bool = False,
    ca_file: str = "",
    key_file: str = "",
    dialect: Callable[[str], Dialect] | None = None,
    chance: float = 0.0,
    takes: Taker = rejects,
) -> Device:
    address = socket_address(url)
    wish = Wish(sends_sound=rules.hears, wants_sound=wants_sound)
    way, healths, halts, asked = CountedWay(), list[LinkHealth](), list[bool](), list[str]()
    link = Link(
        Dialler(address, way, ca_file=ca_file, key_file=key_file),
        dialect or (lambda session: NativeDialect(wish, Signer(), address.host_header, session)),
        PLAIN,
        rules,
        Calls(lambda: halts.append(True), healths.append, asked.append, takes),
        way,
        boot={"agent": "test"},
        chance=lambda: chance,
    )
    return Device(link, way, healths, halts, asked)


@contextlib.asynccontextmanager
async def running(made: Device) -> AsyncIterator[Device]:
    """The link runs while this is entered."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(made.link.run())
        try:
            yield made
        finally:
            task.cancel()


class Peer:
    """System 2's side of one connection, after the greeting."""

    def __init__(self, socket: ServerConnection, hello: n.Hello) -> None:
        self.socket = socket
        self.hello = hello

    async def say(self, *words: n.FromSystem2) -> None:
        for word in words:
            await self.socket.send(n.encode(word))

    async def hears(self) -> n.FromDevice:
        """The next message that is not a report; reports are acknowledged."""
        while True:
            word = n.from_device(await self.socket.recv())
            assert word is not None
            if not isinstance(word, n.Report):
                return word
            await self.say(n.Ack(id=word.id))


Script = Callable[[Peer], Awaitable[None]]


async def greet(
    socket: ServerConnection, features: frozenset[str] | None = None, reports: bool = True
) -> Peer:
    await socket.send(n.encode(n.Challenge(nonce="nonce")))
    hello = n.from_device(await socket.recv())
    assert isinstance(hello, n.Hello)
    agreed = hello.features if features is None else features
    await socket.send(n.encode(n.Started(session_id="s1", features=agreed, device=1 if reports else 0)))
    return Peer(socket, hello)


@contextlib.asynccontextmanager
async def server(
    handler: Callable[[ServerConnection], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
    **options: object,
) -> AsyncIterator[int]:
    """The port."""
    async with serve(
        handler,
        "127.0.0.1",
        0,
        ssl=tls,
        compression=None,
        close_timeout=0.5,
        **options,  # type: ignore[arg-type]
    ) as serving:
        yield next(iter(serving.sockets)).getsockname()[1]


@contextlib.asynccontextmanager
async def gateway(script: Script) -> AsyncIterator[str]:
    """A System 2 that greets and then follows the script on every connection; its url."""

    async def handle(socket: ServerConnection) -> None:
        await script(await greet(socket))

    async with server(handle) as port:
        yield f"ws://127.0.0.1:{port}/"


async def answer(link: Link, question: Question) -> list[ReplyItem]:
    return [item async for item in link.ask(question)]
