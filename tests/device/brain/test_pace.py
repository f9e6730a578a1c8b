"""Steps take about the time they may take, on slow and on fast engines."""

from __future__ import annotations

import pytest

from device.brain.pace import Pace


def steps(tokens_a_second: float, count: int = 6) -> list[int]:
    pace = Pace(0.2, fewest=4, most=64)
    taken = []
    for _ in range(count):
        taken.append(pace.tokens)
        pace.took(pace.tokens, pace.tokens / tokens_a_second)
    return taken


@pytest.mark.parametrize(("tokens_a_second", "size"), [(5, 4), (25, 5), (100, 20), (300, 60), (5000, 64)])
def test_after_one_small_step_the_size_fits_the_engine(tokens_a_second: float, size: int) -> None:
    first, *others = steps(tokens_a_second)
    assert first == 8
    assert set(others) == {size}


def test_an_engine_that_has_to_share_its_cores_is_given_less() -> None:
    pace = Pace(0.2, fewest=4, most=64)
    pace.took(8, 8 / 300)
    pace.took(60, 0.8)
    assert pace.tokens == 15


def test_a_last_piece_and_a_clock_that_stands_still_change_nothing_for_the_worse() -> None:
    pace = Pace(0.2, fewest=4, most=64)
    pace.took(1, 9.0)
    assert pace.tokens == 8
    pace.took(8, 0.0)
    assert pace.tokens == 64
