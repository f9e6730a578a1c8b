"""From a stream of samples to 20 ms frames, and from one microphone to everybody who listens.

The hub keeps the last moments in RAM (the pre-roll: people speak while they press) and hands every
frame to its taps. A tap is bounded; one that is not read drops its oldest frames, counts them, and
holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator

from device.contracts import FRAME_BYTES, FRAME_MS, RATE_HZ, Frame

LONGEST_RING_MS = 500
"""More of a room than this is never held while nobody talks to the device."""

TAP_FRAMES = 500
"""10 s: far more than a turn ever lags behind, except when the machine stands still."""

PAUSE_S = 0.1
"""Pieces further apart than this do not belong to one stream of samples."""


class Framer:
    """Cuts pieces of 16 kHz PCM, of any length, into frames with the time of their first sample."""

    def __init__(self) -> None:
        self._rest = b""
        self._rest_from_s = 0.0

    def cut(self, pcm: bytes, ended_s: float) -> Iterator[Frame]:
        """The frames that are whole now; `ended_s` is when the last sample of `pcm` was captured.

        The clock of the samples is followed from piece to piece, so that jitter in the arrival does
        not get into the frames; after a pause it is set anew, and what was left over is dropped.
        """
        began_s = ended_s - len(pcm) / 2 / RATE_HZ
        expected_s = self._rest_from_s + len(self._rest) / 2 / RATE_HZ
        if abs(began_s - expected_s) > PAUSE_S:
            self._rest, self._rest_from_s = b"", began_s
        self._rest += pcm
        while len(self._rest) >= FRAME_BYTES:
            yield Frame(self._rest[:FRAME_BYTES], self._rest_from_s)
            self._rest = self._rest[FRAME_BYTES:]
            self._rest_from_s += FRAME_MS / 1000


class Tap:
    """One listener's view of the microphone: an async iterator of frames, oldest first."""

    def __init__(self, hub: FrameHub, not_before_s: float, capacity: int) -> None:
        self._hub = hub
        self._not_before_s = not_before_s
        self._last_s = float("inf")
        self._frames: deque[Frame] = deque(maxlen=capacity)
        self._wake = asyncio.Event()
        self._ended = False
        self.dropped = 0
        """Frames that were lost because nobody read them in time."""

    def stop_after(self, captured_s: float) -> None:
        """Frames captured up to then still come (the post-roll); then the iteration ends."""
        self._last_s = captured_s

    def close(self) -> None:
        """No more frames, and what waits is let go. Idempotent."""
        self._frames.clear()
        self._end()

    def take(self, frame: Frame) -> None:
        """Called by the hub."""
        if self._ended or frame.captured_s < self._not_before_s:
            return
        if frame.captured_s > self._last_s:
            self._end()
            return
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append(frame)
        self._wake.set()

    def _end(self) -> None:
        self._ended = True
        self._wake.set()
        self._hub.forget(self)

    def __aiter__(self) -> AsyncIterator[Frame]:
        return self

    async def __anext__(self) -> Frame:
        while not self._frames:
            if self._ended:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._frames.popleft()


class FrameHub:
    """The one place that every frame of the microphone goes through. Event loop only."""

    def __init__(self, ring_ms: int = LONGEST_RING_MS) -> None:
        """Raises ValueError for a ring longer than `LONGEST_RING_MS`."""
        if not 0 <= ring_ms <= LONGEST_RING_MS:
            raise ValueError(f"The ring holds 0 to {LONGEST_RING_MS} ms of sound, not {ring_ms}.")
        self._ring: deque[Frame] = deque(maxlen=ring_ms // FRAME_MS)
        self._taps: set[Tap] = set()

    def push(self, frame: Frame) -> None:
        """Hand a frame to every tap and into the ring; never blocks."""
        self._ring.append(frame)
        for tap in tuple(self._taps):
            tap.take(frame)

    def listen(self, since_s: float, not_before_s: float = float("-inf"), capacity: int = TAP_FRAMES) -> Tap:
        """A tap that begins with what the ring holds from `since_s` on.

        No frame captured before `not_before_s` ever comes through, neither from the ring nor late
        from the device: after a barge-in that is our own voice.
        """
        tap = Tap(self, not_before_s, capacity)
        self._taps.add(tap)
        for frame in self._ring:
            if frame.captured_s >= since_s:
                tap.take(frame)
        return tap

    def forget(self, tap: Tap) -> None:
        """Called by a tap that has ended."""
        self._taps.discard(tap)
