"""How loud a piece of sound is, for the page's meter and for hints such as "too close"."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

FLOOR_DBFS = -96.0
"""What digital silence is given as; one step of int16 is -90.3 dBFS."""

_FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class Level:
    """Decibels below full scale: 0 is the loudest sample that int16 holds, for peak and RMS alike."""

    peak_dbfs: float
    rms_dbfs: float
    clipped_share: float
    """The share of samples at full scale, 0 to 1."""


def measure(pcm: bytes) -> Level:
    """The level of mono int16 PCM; of none, silence."""
    if not pcm:
        return Level(FLOOR_DBFS, FLOOR_DBFS, 0.0)
    samples = np.frombuffer(pcm, dtype=np.int16).astype(np.float32)
    magnitudes = np.abs(samples)
    clipped = int(np.count_nonzero(magnitudes >= _FULL_SCALE - 1))
    rms = math.sqrt(float(np.mean(np.square(samples))))
    return Level(_dbfs(float(magnitudes.max())), _dbfs(rms), clipped / len(samples))


def _dbfs(amplitude: float) -> float:
    if amplitude <= 0:
        return FLOOR_DBFS
    return max(FLOOR_DBFS, 20 * math.log10(amplitude / _FULL_SCALE))
