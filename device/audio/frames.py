"""From a stream of samples to 20 ms frames, and from one microphone to everybody who listens.

The hub keeps the last moments in RAM (the pre-roll: people speak while they press) and hands every
frame to its taps. A tap is bounded; one that is not read drops its oldest frames, counts them, and
holds nobody up.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from device.contracts import FRAME_BYTES, FRAME_MS, RATE_HZ, Frame

LONGEST_RING_MS = 500
"""More of a room than this is never held while nobody talks to the device."""

TAP_FRAMES = 500
"""10 s: far more than a turn ever lags behind, except when the machine stands still."""

PAUSE_S = 0.25
"""Pieces further apart than this do not belong to one stream of samples."""

FRAME_S = FRAME_MS / 1000
HALF_SAMPLE_S = 0.5 / RATE_HZ
"""Slack where sums of floats are compared with times."""


class Framer:
    """Cuts pieces of 16 kHz PCM, of any length, into frames with the time of their first sample.

    A piece is dated by the arrival of its end, which is never earlier than its capture and often a
    little later. So the times run on by the sample count: an arrival ahead of it moves them earlier
    at once; one behind it is lateness, of which 1 % per second of sound is believed (clocks that
    differ by 100 ppm settle 10 ms late). More than `PAUSE_S` late, the source has paused: what was
    left of an unfinished frame is dropped and the times are set anew.

    Times never run backward, and none is later than its frame can have been captured: a frame from
    before a barge-in must not pass for a later one.
    """

    _BELIEVED_PER_S = 0.01

    def __init__(self) -> None:
        self._rest = b""
        self._next_s: float | None = None
        """When the sample after all that was cut is expected."""
        self._last_s = float("-inf")

    def cut(self, pcm: bytes, ended_s: float) -> list[Frame]:
        """The frames that are whole now; `ended_s` is when the last sample of `pcm` arrived."""
        length_s = len(pcm) / 2 / RATE_HZ
        began_s = self._place(ended_s - length_s, length_s)
        first_s = began_s - len(self._rest) / 2 / RATE_HZ
        self._next_s = began_s + length_s
        self._rest += pcm
        whole = len(self._rest) // FRAME_BYTES
        frames = [self._frame(index, first_s + index * FRAME_S) for index in range(whole)]
        self._rest = self._rest[whole * FRAME_BYTES :]
        return frames

    def _place(self, latest_s: float, length_s: float) -> float:
        """When a piece began that cannot have begun after `latest_s`."""
        if self._next_s is None:
            return latest_s
        late_s = latest_s - self._next_s
        if late_s > PAUSE_S:
            self._rest = b""
            return latest_s
        if late_s < 0:
            return latest_s
        return self._next_s + late_s * min(1.0, self._BELIEVED_PER_S * length_s)

    def _frame(self, index: int, captured_s: float) -> Frame:
        self._last_s = max(self._last_s, captured_s)
        return Frame(self._rest[index * FRAME_BYTES : (index + 1) * FRAME_BYTES], self._last_s)


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
        """Frames captured up to then still come (the post-roll); then the iteration ends.

        It ends with the frame that covers the moment, or at the first later one. A microphone that
        gives nothing any more never ends it, so whoever reads bounds the wait.
        """
        self._last_s = captured_s
        covered = any(self._covers_end(frame) for frame in self._frames)
        for frame in [frame for frame in self._frames if frame.captured_s > captured_s]:
            self._frames.remove(frame)
        if covered:
            self._end()

    def close(self) -> None:
        """No more frames, and what waits is let go. Idempotent."""
        self._frames.clear()
        self._end()

    def take(self, frame: Frame) -> None:
        """Called by the hub."""
        if self._ended or frame.captured_s < self._not_before_s:
            return
        if frame.captured_s <= self._last_s:
            self._hold(frame)
        if self._covers_end(frame):
            self._end()

    def _hold(self, frame: Frame) -> None:
        if len(self._frames) == self._frames.maxlen:
            self.dropped += 1
        self._frames.append(frame)
        self._wake.set()

    def _covers_end(self, frame: Frame) -> bool:
        return frame.captured_s + FRAME_S > self._last_s + HALF_SAMPLE_S

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

    def forget_all(self) -> None:
        """What the ring holds was not meant to be heard."""
        self._ring.clear()

    def listen(self, since_s: float, not_before_s: float = float("-inf"), capacity: int = TAP_FRAMES) -> Tap:
        """A tap that begins with what the ring holds from `since_s` on.

        No frame captured before `not_before_s` ever comes through, neither from the ring nor late
        from the device: after a barge-in that is our own voice. Nor does one from before `since_s`.
        """
        tap = Tap(self, max(since_s, not_before_s), capacity)
        self._taps.add(tap)
        for frame in self._ring:
            tap.take(frame)
        return tap

    def forget(self, tap: Tap) -> None:
        """Called by a tap that has ended."""
        self._taps.discard(tap)
