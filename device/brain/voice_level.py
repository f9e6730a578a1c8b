"""One loudness for every clause: a gain that is measured once a voice, and a limiter for its peaks.

Sound here is mono float32, full scale at ±1. Scaling each clause to full range, as piper does by itself,
makes a whispered "yes" as loud as a shout and lets the voice jump between clauses.
"""

from __future__ import annotations

import numpy as np

TARGET_LEVEL = 0.11
"""RMS of speech without its pauses: -19 dBFS, as loud as espeak-ng (measured: -18.6)."""
MOST_GAIN = 8.0
"""A voice that is quieter than this can mend is left quiet: its noise would come up, too."""

_FRAME_MS = 20
_PAUSE_SHARE = 0.1
"""Frames below this share of the loudest are pauses."""
_KNEE = 0.7
"""Up to here the limiter changes nothing."""


def speech_level(sound: np.ndarray, rate_hz: int) -> float:
    """RMS of the frames in which somebody speaks, 0 to 1; 0 of silence."""
    frame = rate_hz * _FRAME_MS // 1000
    frames = sound[: len(sound) // frame * frame].reshape(-1, frame)
    if not len(frames):
        return 0.0
    power = np.mean(frames.astype(np.float64) ** 2, axis=1)
    speech = power[power > _PAUSE_SHARE**2 * np.max(power)]
    return float(np.sqrt(speech.mean())) if speech.size else 0.0


def gain_to_target(level: float) -> float:
    """What brings a voice of this level to the target; 1 where there is no level to go by."""
    return min(TARGET_LEVEL / level, MOST_GAIN) if level > 0 else 1.0


def limited(sound: np.ndarray) -> np.ndarray:
    """The same sound within ±1: what is above the knee bends towards 1 and never reaches it."""
    size = np.abs(sound)
    bent = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
    return np.asarray(np.where(size > _KNEE, np.copysign(bent, sound), sound), np.float32)


def faded(sound: np.ndarray, samples: int) -> np.ndarray:
    """The same sound, rising from zero and falling back to it over so many samples: no click at a join."""
    count = min(samples, len(sound) // 2)
    ramp = np.arange(count, dtype=np.float32) / max(count, 1)
    shape = np.ones(len(sound), np.float32)
    shape[:count] = ramp
    shape[len(sound) - count :] = ramp[::-1]
    return np.asarray(sound * shape, np.float32)
