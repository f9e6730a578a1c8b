"""So many at once, so many a second."""

from __future__ import annotations

from device.link.allowance import Allowance


def test_so_many_at_once_and_then_as_fast_as_they_come_back() -> None:
    allowance = Allowance(3, per_s=2)
    assert [allowance.allows(10.0) for _ in range(4)] == [True, True, True, False]
    assert not allowance.allows(10.4)
    assert allowance.allows(10.6)
    assert not allowance.allows(10.6)


def test_rest_saves_up_no_more_than_what_is_allowed_at_once() -> None:
    allowance = Allowance(2, per_s=100)
    allowance.allows(0.0)
    assert [allowance.allows(1e6) for _ in range(3)] == [True, True, False]


def test_a_clock_that_steps_back_gives_nothing() -> None:
    allowance = Allowance(1, per_s=1)
    assert allowance.allows(100.0)
    assert not allowance.allows(50.0)
    assert allowance.allows(51.0)
