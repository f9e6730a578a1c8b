"""The bench of hold-time hiding says what it measured, and of what."""

from __future__ import annotations

import pytest

from bench.hearing import GOAL, _figures
from device.contracts import RATE_HZ, Audio
from device.stt_bench import Clip, Hearing, Summary


def test_the_ratio_is_the_median_over_clips_and_has_a_goal() -> None:
    clip = Clip("a", Audio(bytes(2 * 5 * RATE_HZ), RATE_HZ))
    hearings = tuple(Hearing(clip, "", 0.4, after_s) for after_s in (0.0, 0.1, 0.4))
    ratio, whole, after = _figures("fitted", Summary("fitted", hearings))
    assert ratio.value == pytest.approx(0.25)
    assert ratio.goal == GOAL
    assert ratio.met
    assert whole.value == pytest.approx(400)
    assert after.value == pytest.approx(100)
    assert "3 recordings of 5.0 s" in ratio.method
