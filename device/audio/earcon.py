"""Short sounds that speak where no voice can: made, not recorded."""

from __future__ import annotations

import array
import math
from functools import cache

from device.contracts import Audio

RATE_HZ = 24_000
LOUDNESS = 0.25
RING_LOUDNESS = 0.5
"""Twice a signal: it is meant to be heard from the next room."""
DECAY_PER_S = 5.0
"""Of a bell's lowest partial."""
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


@cache
def ring() -> Audio:
    """Three rising strokes of a bell, twice, 1.2 s: something is due."""
    strokes = _bell(1046.5, 0.15) + _bell(1318.5, 0.15) + _bell(1568.0, 0.3)
    return Audio(2 * strokes, RATE_HZ)


def _bell(hertz: float, seconds: float) -> bytes:
    """A struck note: three partials that die away, the higher the faster."""
    count = int(seconds * RATE_HZ)
    ramp = RAMP_S * RATE_HZ
    samples = array.array("h")
    for i in range(count):
        t = i / RATE_HZ
        wave = sum(
            share * math.exp(-partial * DECAY_PER_S * t) * math.sin(2 * math.pi * partial * hertz * t)
            for partial, share in ((1, 0.7), (2, 0.2), (3, 0.1))
        )
        envelope = min(1.0, i / ramp, (count - i) / ramp)
        samples.append(int(32767 * RING_LOUDNESS * envelope * wave))
    return samples.tobytes()


def _tone(hertz: float, seconds: float) -> bytes:
    count = int(seconds * RATE_HZ)
    ramp = RAMP_S * RATE_HZ
    samples = array.array("h")
    for i in range(count):
        envelope = min(1.0, i / ramp, (count - i) / ramp)
        samples.append(int(32767 * LOUDNESS * envelope * math.sin(2 * math.pi * hertz * i / RATE_HZ)))
    return samples.tobytes()
