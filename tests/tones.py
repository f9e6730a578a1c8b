"""Sound that tests can recognise: sines, and the pitch of what came back."""

from __future__ import annotations

import numpy as np


def tone(hertz: float, seconds: float, rate_hz: int, loudness: float = 0.5) -> bytes:
    """PCM of a sine, mono int16."""
    at_s = np.arange(int(seconds * rate_hz)) / rate_hz
    return (32767 * loudness * np.sin(2 * np.pi * hertz * at_s)).astype(np.int16).tobytes()


def loudest_hz(pcm: bytes, rate_hz: int) -> float:
    """The frequency with the most power."""
    samples = np.frombuffer(pcm, np.int16).astype(float)
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(power) * rate_hz / len(samples))
