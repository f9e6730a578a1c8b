"""Where speech begins and ends, by loudness."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from device.brain.speech_onset import MARGIN_STEPS, STEP_SAMPLES, speech_span
from device.contracts import RATE_HZ

RNG = np.random.default_rng(1)


def noise(seconds: float, level: float) -> npt.NDArray[np.int16]:
    return RNG.normal(0, level, int(seconds * RATE_HZ)).astype(np.int16)


def test_speech_is_found_with_its_margins() -> None:
    span = speech_span(np.concatenate([noise(1, 20), noise(0.5, 3000), noise(1, 20)]))
    assert span is not None
    margin = MARGIN_STEPS * STEP_SAMPLES
    assert span.start == pytest.approx(RATE_HZ - margin, abs=5 * STEP_SAMPLES)
    assert span.end == pytest.approx(1.5 * RATE_HZ + margin, abs=5 * STEP_SAMPLES)
    assert span.loudest_db == pytest.approx(20 * np.log10(3000), abs=2)


def test_margins_end_with_the_recording() -> None:
    samples = noise(0.5, 3000)
    span = speech_span(samples)
    assert span is not None
    assert (span.start, span.end) == (0, len(samples))


@pytest.mark.parametrize(
    "samples", [noise(0, 1), noise(0.005, 3000), noise(2, 3), np.zeros(RATE_HZ, np.int16)]
)
def test_what_is_quiet_or_too_short_has_no_speech(samples: npt.NDArray[np.int16]) -> None:
    assert speech_span(samples) is None
