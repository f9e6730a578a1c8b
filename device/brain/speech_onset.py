"""Where in a recording somebody speaks, by loudness alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEP_SAMPLES = 160
"""10 ms at 16 kHz."""

MARGIN_STEPS = 25
"""A quarter of a second is left on either side: soft consonants, and the decoder wants some room."""

QUIET_DB = 30.0
"""Nothing louder than this, relative to the least bit, is no speech: -60 dB of full scale."""

_SMOOTHING = np.ones(5) / 5
BETWEEN = 0.3
"""How far above the background, of the way to the loudest, speech begins."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is loud, with its margins: from sample `start` up to `end`."""

    start: int
    end: int
    loudest_db: float
    """Relative to the least bit."""


def speech_span(samples: npt.NDArray[np.int16]) -> Span | None:
    """Where somebody speaks; None where all is quiet."""
    count = len(samples) // STEP_SAMPLES
    if count == 0:
        return None
    steps = samples[: count * STEP_SAMPLES].reshape(count, STEP_SAMPLES).astype(np.float64)
    level_db = np.convolve(10 * np.log10((steps**2).mean(axis=1) + 1), _SMOOTHING, "same")
    background_db, loudest_db = np.percentile(level_db, [10, 98])
    if loudest_db < QUIET_DB:
        return None
    loud = np.flatnonzero(level_db >= background_db + BETWEEN * (loudest_db - background_db))
    start = max(0, int(loud[0]) - MARGIN_STEPS)
    end = min(count, int(loud[-1]) + 1 + MARGIN_STEPS)
    return Span(start * STEP_SAMPLES, end * STEP_SAMPLES, float(loudest_db))
