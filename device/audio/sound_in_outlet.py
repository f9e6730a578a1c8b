"""One sound on its way out of an outlet: resampled to the outlet's rate, and counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from device.audio.resample import Resampler
from device.contracts import Audio


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


class SoundInOutlet:
    """Begins with its making. `gain`, 0 to 1, is asked for every piece."""

    def __init__(self, sound_id: int, turn_id: int, outlet: Outlet, gain: Callable[[], float]) -> None:
        self.sound_id = sound_id
        self.outlet = outlet
        self._rate_hz = outlet.rate_hz
        self._gain = gain
        self._resampler: Resampler | None = None
        self._sent = 0
        self._reached = 0
        outlet.play(sound_id, turn_id)

    def send(self, audio: Audio) -> None:
        """A piece of any rate; a little of it stays in the resampler until the next one or `flush`."""
        if self._resampler is None or self._resampler.from_hz != audio.rate_hz:
            self.flush()
            self._resampler = Resampler(audio.rate_hz, self._rate_hz)
        self._give(self._resampler.feed(_scaled(audio.pcm, self._gain())))

    def flush(self) -> None:
        """Give out what the resampler holds."""
        if self._resampler is not None:
            self._give(self._resampler.flush())
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

    @property
    def over(self) -> bool:
        """All of it has sounded, also what the resampler held."""
        return self._resampler is None and self._reached == self._sent

    def unsounded(self) -> Audio:
        """As much stillness as there is sound left: for a clock, which only counts."""
        return Audio(bytes(2 * (self._sent - self._reached)), self._rate_hz)

    def _give(self, pcm: bytes) -> None:
        if pcm:
            self._sent += len(pcm) // 2
            self.outlet.sound(self.sound_id, pcm)


def _scaled(pcm: bytes, gain: float) -> bytes:
    if gain == 1.0:
        return pcm
    samples = np.frombuffer(pcm, np.int16) * gain
    return samples.round().astype(np.int16).tobytes()
