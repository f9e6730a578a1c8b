"""The microphone of the sound card, as the device's own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable

import numpy as np

from device.audio.frames import FRAME_S, Framer
from device.audio.resample import Resampler
from device.audio.sound_library import SoundLibrary
from device.audio.sound_stream import InputStream
from device.audio.stream_keeper import StreamKeeper
from device.contracts import FRAME_MS, RATE_HZ, Frame
from device.errors import AudioDeviceError

CAPACITY_S = 5.0
"""Of frames that wait to be read; then the oldest is dropped."""
NAP_S = FRAME_S / 2
DEAD_S = 0.5
"""A microphone that gives nothing for so long is gone, whatever the library says."""
STARTS_S = 1.5
"""The same, just after it was opened: servers wake a microphone that slept."""


class CardMicrophone:
    """Implements `ports.Microphone`. Made in the event loop; the device is opened at once."""

    def __init__(
        self,
        library: SoundLibrary,
        wanted_name: str,
        gain_db: float,
        clock: Callable[[], float],
        trouble: Callable[[str], None],
    ) -> None:
        """`clock` may be asked from any thread. `trouble`: see `StreamKeeper`."""
        self.name = "sound card"
        self._clock = clock
        self._gain = 10 ** (gain_db / 20)
        self._frames = _Handover(int(CAPACITY_S * 1000 / FRAME_MS))
        self._library = library
        self._wanted_name = wanted_name
        self._keeper = StreamKeeper("microphone", library, self._open, self._capture, trouble)
        self._keeper.want(True)

    @property
    def dropped(self) -> int:
        """Frames that nobody read in time."""
        return self._frames.dropped

    async def frames(self) -> AsyncIterator[Frame]:
        """20 ms frames at 16 kHz while the device is open. Never ends by itself. Cancel-safe."""
        while True:
            yield await self._frames.take()

    def want(self, wanted: bool) -> None:
        """Open the device or close it, within some 20 ms; what was captured and not read is forgotten."""
        self._keeper.want(wanted)
        if not wanted:
            self._frames.clear()

    async def opened(self, within_s: float) -> bool:
        """Whether it can be opened."""
        return await self._keeper.opened(within_s)

    async def close(self) -> None:
        """For good. Idempotent."""
        await self._keeper.close()

    # --- the thread ---

    def _open(self) -> InputStream:
        stream = self._library.open_input(self._wanted_name)
        self.name = stream.name
        return stream

    def _capture(self, stream: InputStream) -> None:
        resampler, framer = Resampler(stream.rate_hz, RATE_HZ), Framer()
        give_up_s = time.monotonic() + STARTS_S
        while self._keeper.wanted and not self._library.must_step_aside:
            pcm = stream.read()
            if pcm:
                give_up_s = time.monotonic() + DEAD_S
                self._keeper.well()
                sound = amplified(resampler.feed(pcm), self._gain)
                self._give(framer.cut(sound, self._clock()))
            elif time.monotonic() > give_up_s:
                raise AudioDeviceError(
                    f"The microphone ({stream.name}) gives no sound: plug it in again, or restart it."
                )
            self._keeper.nap(NAP_S)

    def _give(self, frames: Iterable[Frame]) -> None:
        """Nothing passes that was captured before the device was closed to everybody."""
        if self._keeper.wanted:
            self._frames.put(frames)


class _Handover:
    """Frames from the thread to the event loop. Bounded: the oldest is dropped, and counted."""

    def __init__(self, capacity: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._frames: deque[Frame] = deque(maxlen=capacity)
        self._filled = asyncio.Event()
        self._told = False
        self.dropped = 0

    def put(self, frames: Iterable[Frame]) -> None:
        """From any thread."""
        with self._lock:
            for frame in frames:
                self.dropped += len(self._frames) == self._frames.maxlen
                self._frames.append(frame)
            tell = bool(self._frames) and not self._told
            self._told = self._told or tell
        if tell:
            self._loop.call_soon_threadsafe(self._filled.set)

    def clear(self) -> None:
        with self._lock:
            self._frames.clear()

    async def take(self) -> Frame:
        """By one reader, in the event loop."""
        while True:
            with self._lock:
                if self._frames:
                    return self._frames.popleft()
                self._told = False
                self._filled.clear()
            await self._filled.wait()


def amplified(pcm: bytes, gain: float) -> bytes:
    """What would be louder than int16 holds stays at its loudest."""
    if gain == 1.0:
        return pcm
    samples = np.frombuffer(pcm, np.int16) * gain
    return samples.round().clip(-32_768, 32_767).astype(np.int16).tobytes()
