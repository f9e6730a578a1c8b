"""A dialect on a real socket, with nothing of the link between: it speaks, and keeps what comes back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import httpx
import numpy as np
import soundfile
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from device.audio.mulaw import MulawDecoder, MulawEncoder
from device.audio.resample import at_rate
from device.contracts import RATE_HZ, Audio
from device.link import native as n
from device.link.dialect import Dialect, FromSystem2, Step, ToSystem2

SOON_S = 20.0
T = TypeVar("T")


class Conversation:
    """One connection."""

    def __init__(self, socket: ClientConnection, dialect: Dialect, hook_url: str) -> None:
        self._socket = socket
        self._dialect = dialect
        self._hook_url = hook_url
        self._came = asyncio.Condition()
        self._sound_at_s = time.monotonic()
        self.words: list[tuple[float, FromSystem2]] = []
        """What came, and when."""
        self.posted: list[dict[str, object]] = []

    async def open(self) -> None:
        """The first words."""
        await self._take(self._dialect.opened())

    async def read(self) -> None:
        """Until the server ends it."""
        try:
            async for frame in self._socket:
                await self._take(self._dialect.received(frame))
        except ConnectionClosed:
            pass
        async with self._came:
            self._came.notify_all()

    async def watch(self) -> None:
        """Say when it is quiet."""
        assert self._dialect.quiet_s is not None
        while True:
            await asyncio.sleep(0.1)
            if time.monotonic() - self._sound_at_s > self._dialect.quiet_s:
                self._sound_at_s = time.monotonic()
                await self._take(self._dialect.quiet())

    async def send(self, message: ToSystem2) -> None:
        await self._take(self._dialect.send(message))

    async def send_raw(self, frame: str | bytes) -> None:
        await self._socket.send(frame)

    async def say(self, turn_id: int, audio: Audio) -> None:
        """A whole utterance, as fast as it can be sent."""
        up = self._dialect.capabilities.up
        encoder = MulawEncoder(up.rate_hz, frame_ms=up.frame_ms)
        await self.send(n.Begin(turn_id=turn_id, answer=True))
        for number, packet in encoder.encode(audio.pcm) + encoder.finish():
            await self.send(n.Media(turn_id, number, packet))
        await self.send(n.End(turn_id=turn_id))

    async def until(self, kind: type[T], within_s: float = SOON_S) -> T:
        """The first word of this kind."""

        def found() -> list[T]:
            return [word for _, word in self.words if isinstance(word, kind)]

        async with asyncio.timeout(within_s), self._came:
            await self._came.wait_for(found)
        return found()[0]

    async def closed(self, within_s: float = SOON_S) -> int | None:
        """The code with which the server ended it."""
        async with asyncio.timeout(within_s):
            await self._socket.wait_closed()
        return self._socket.close_code

    def heard(self, turn_id: int) -> Audio:
        """The sound of a turn, at the pipeline's rate."""
        down_hz = self._dialect.capabilities.down.rate_hz
        decoder = MulawDecoder(down_hz)
        packets = [word for _, word in self.words if isinstance(word, n.Media) and word.turn_id == turn_id]
        pieces = [decoder.decode(packet.number, packet.packet) for packet in packets]
        return at_rate(Audio(b"".join(piece.pcm for piece in pieces if piece), down_hz), RATE_HZ)

    async def _take(self, step: Step) -> None:
        if any(isinstance(word, n.Media) for word in step.words):
            self._sound_at_s = time.monotonic()
        for frame in step.frames:
            await self._socket.send(frame)
        for body in step.posts:
            self.posted.append(body)
            async with httpx.AsyncClient(trust_env=False) as client:
                (await client.post(self._hook_url, json=body)).raise_for_status()
        async with self._came:
            self.words += [(time.monotonic(), word) for word in step.words]
            self._came.notify_all()


@asynccontextmanager
async def conversation(url: str, dialect: Dialect, hook_url: str = "") -> AsyncIterator[Conversation]:
    """A connection that is up, and read from."""
    async with connect(url, proxy=None, compression=None, max_size=dialect.longest_frame_bytes) as socket:
        one = Conversation(socket, dialect, hook_url)
        await one.open()
        async with asyncio.TaskGroup() as tasks:
            running = [tasks.create_task(one.read()), tasks.create_task(one.watch())]
            yield one
            for task in running:
                task.cancel()


def recording(file: Path) -> Audio:
    """A mono recording, at the pipeline's rate."""
    pcm, rate_hz = soundfile.read(file, dtype="int16")
    return at_rate(Audio(pcm.astype("<i2").tobytes(), rate_hz), RATE_HZ)


def likeness(sent: Audio, back: Audio) -> float:
    """The correlation of what came back with what was sent, at the shift that fits best. 1: the same.

    Sound that comes back at a wrong speed fits nowhere.
    """
    one, other = (np.frombuffer(audio.pcm, "<i2").astype(float) for audio in (sent, back))
    size = 1 << (len(one) + len(other)).bit_length()
    products = np.fft.irfft(np.fft.rfft(one, size).conj() * np.fft.rfft(other, size), size)
    return float(np.abs(products).max() / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


async def eventually(true: Callable[[], bool], within_s: float = SOON_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110 - another process's doing wakes nobody here
            await asyncio.sleep(0.05)
