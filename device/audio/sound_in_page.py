"""One sound on its way out of an outlet: resampled to the outlet's rate, and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import soxr
from numpy.typing import NDArray

from device.contracts import Audio

LOUDEST = np.iinfo(np.int16)


class Outlet(Protocol):
    """A place where sound comes out: an open page, or a clock."""

    rate_hz: int

    def play(self, sound_id: int, turn_id: int) -> None:
        """A new sound; whatever sounded before it ends."""
        ...

    def sound(self, sound_id: int, pcm: bytes) -> None:
        """More of it, at `rate_hz`."""
        ...

    def silence(self) -> None:
        """Drop all that has not sounded."""
        ...


class SoundInPage:
    """Begins with its making. `gain` is asked for every piece."""

    def __init__(self, sound_id: int, turn_id: int, outlet: Outlet, gain: Callable[[], float]) -> None:
        self.sound_id = sound_id
        self.outlet = outlet
        self._rate_hz = outlet.rate_hz
        self._gain = gain
        self._resampler: Any = None
        self._source_hz = 0
        self._sent = 0
        self._reached = 0
        outlet.play(sound_id, turn_id)

    def send(self, audio: Audio) -> None:
        """A piece of any rate; a little of it stays in the resampler until the next one or `flush`."""
        if audio.rate_hz != self._source_hz or self._resampler is None:
            self.flush()
            self._source_hz = audio.rate_hz
            self._resampler = soxr.ResampleStream(audio.rate_hz, self._rate_hz, 1, dtype="float32")
        samples = np.frombuffer(audio.pcm, np.int16).astype(np.float32) * self._gain()
        self._give(self._resampler.resample_chunk(samples))

    def flush(self) -> None:
        """Give out what the resampler holds."""
        if self._resampler is not None:
            self._give(self._resampler.resample_chunk(np.empty(0, np.float32), last=True))
            self._resampler = None

    def reached(self, samples: int) -> bool:
        """That much has sounded; says whether that is more than before."""
        before, self._reached = self._reached, min(self._sent, max(self._reached, samples))
        return self._reached > before

    @property
    def sounded_s(self) -> float:
        return self._reached / self._rate_hz

    @property
    def unsounded_s(self) -> float:
        return (self._sent - self._reached) / self._rate_hz

    def unsounded(self) -> Audio:
        """As much stillness as there is sound left: for a clock, which only counts."""
        return Audio(bytes(2 * (self._sent - self._reached)), self._rate_hz)

    def _give(self, samples: NDArray[np.float32]) -> None:
        if len(samples):
            pcm = np.clip(np.rint(samples), LOUDEST.min, LOUDEST.max).astype(np.int16)
            self._sent += len(pcm)
            self.outlet.sound(self.sound_id, pcm.tobytes())
