"""Short sounds that speak where no voice can: made, not recorded."""

from __future__ import annotations

import array
import math
from functools import cache

from device.contracts import Audio

RATE_HZ = 24_000
LOUDNESS = 0.25
RAMP_S = 0.01
"""Fade at both ends of a tone, against clicks."""


@cache
def trouble() -> Audio:
    """Two falling tones: something went wrong, and it is not your fault."""
    return Audio(_tone(440.0, 0.18) + _tone(311.1, 0.32), RATE_HZ)


@cache
def refusal() -> Audio:
    """Two low, short, equal tones: not now."""
    return Audio(_tone(261.6, 0.09) + _tone(0.0, 0.05) + _tone(261.6, 0.09), RATE_HZ)


def _tone(hertz: float, seconds: float) -> bytes:
    count = int(seconds * RATE_HZ)
    ramp = RAMP_S * RATE_HZ
    samples = array.array("h")
    for i in range(count):
        envelope = min(1.0, i / ramp, (count - i) / ramp)
        samples.append(int(32767 * LOUDNESS * envelope * math.sin(2 * math.pi * hertz * i / RATE_HZ)))
    return samples.tobytes()
