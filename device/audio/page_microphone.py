"""The microphone of an open page, as the device's own. Nothing here knows a socket.

The page gives sound in takes: a press begins one, and between takes there is nothing at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from device.audio.frames import Framer
from device.audio.resample import Resampler
from device.contracts import FRAME_MS, RATE_HZ, Frame

CAPACITY_S = 5.0
"""Of frames that wait to be read; then the oldest is dropped."""


class PageMicrophone:
    """Sound from the page as frames. Implements `ports.Microphone`."""

    name = "page"

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._frames: asyncio.Queue[Frame] = asyncio.Queue(int(CAPACITY_S * 1000 / FRAME_MS))
        self._take: _Take | None = None
        self._wanted = True
        self.dropped = 0
        """Frames that nobody read in time."""

    async def frames(self) -> AsyncIterator[Frame]:
        """20 ms frames at 16 kHz while the page sends sound. Never ends by itself. Cancel-safe."""
        while True:
            yield await self._frames.get()

    def want(self, wanted: bool) -> None:
        """While it is not wanted, what the page sends is thrown away."""
        self._wanted = wanted

    def take(self, take_id: int, pcm: bytes, rate_hz: int) -> None:
        """A batch of a take, at the page's rate, that has just arrived; without `pcm`, the take has ended."""
        if not self._wanted:
            self._take = None
            return
        if self._take is None or self._take.key != (take_id, rate_hz):
            self._take = _Take(take_id, rate_hz)
        for frame in self._take.feed(pcm, self._clock()):
            self._put(frame)
        if not pcm:
            self._take = None

    def _put(self, frame: Frame) -> None:
        if self._frames.full():
            self._frames.get_nowait()
            self.dropped += 1
        self._frames.put_nowait(frame)


class _Take:
    """A stretch of sound without gaps, at one rate."""

    def __init__(self, take_id: int, rate_hz: int) -> None:
        self.key = (take_id, rate_hz)
        self._resampler = Resampler(rate_hz, RATE_HZ)
        self._framer = Framer()

    def feed(self, pcm: bytes, arrived_s: float) -> list[Frame]:
        """The frames that are now complete. Without `pcm` the resampler gives what it still holds."""
        ready = self._resampler.feed(pcm) if pcm else self._resampler.flush()
        return self._framer.cut(ready, arrived_s)
