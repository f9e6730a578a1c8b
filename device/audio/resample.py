"""From any rate and any number of channels to what the next stage wants."""

from __future__ import annotations

import numpy as np
import soxr

from device.contracts import Audio
from device.errors import AudioDeviceError

SLOWEST_HZ, FASTEST_HZ = 8_000, 192_000


def check_rate(rate_hz: int) -> int:
    """The rate, if sound cards and files really use such; raises AudioDeviceError."""
    if not SLOWEST_HZ <= rate_hz <= FASTEST_HZ:
        raise AudioDeviceError(f"A rate of {rate_hz} Hz cannot be used: 8,000 to 192,000 Hz can.")
    return rate_hz


class Resampler:
    """A stream of mono int16 PCM from one rate to another; holds back a few milliseconds until `flush`."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        """Raises AudioDeviceError for a rate outside 8 to 192 kHz."""
        self.from_hz = check_rate(from_hz)
        self.to_hz = check_rate(to_hz)
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")

    def feed(self, pcm: bytes) -> bytes:
        """What is ready; may be nothing."""
        return self._go(pcm, last=False)

    def flush(self) -> bytes:
        """What was held back; the stream begins anew after it."""
        rest = self._go(b"", last=True)
        if self._stream is not None:
            self._stream.clear()
        return rest

    def _go(self, pcm: bytes, *, last: bool) -> bytes:
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm, dtype="<i2")
        return bytes(self._stream.resample_chunk(samples, last=last).astype("<i2").tobytes())


def at_rate(audio: Audio, rate_hz: int) -> Audio:
    """A whole piece of sound at another rate."""
    resampler = Resampler(audio.rate_hz, rate_hz)
    return Audio(resampler.feed(audio.pcm) + resampler.flush(), rate_hz)


def to_mono(samples: np.ndarray) -> np.ndarray:
    """int16 samples of shape (n, channels) → (n,): the mean of the channels, which never clips."""
    if samples.ndim == 1:
        return samples
    return np.asarray(samples.mean(axis=1, dtype=np.float64).round().astype(np.int16))
