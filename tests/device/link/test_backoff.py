"""Pauses between connections: they grow, they differ, and only a good connection makes them short again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.link.backoff import LONGEST_ASKED_S, SHORTEST_S, Backoff
from device.link.setback import Pace, Setback

GONE = Setback("gone")


def pauses(backoff: Backoff, setback: Setback, count: int) -> list[float]:
    return [backoff.pause_s(setback) for _ in range(count)]


def test_every_setback_doubles_the_pause_up_to_a_limit() -> None:
    assert pauses(Backoff(lambda: 1.0), GONE, 8) == [1, 2, 4, 8, 16, 32, 60, 60]


def test_half_of_a_pause_is_chance() -> None:
    assert pauses(Backoff(lambda: 0.0), GONE, 4) == [0.5, 1, 2, 4]


def test_a_good_connection_makes_pauses_short_again() -> None:
    backoff = Backoff(lambda: 1.0)
    pauses(backoff, GONE, 5)
    backoff.proved_good()
    assert backoff.pause_s(GONE) == 1


@pytest.mark.parametrize(("pace", "first_s", "longest_s"), [(Pace.LATER, 10, 300), (Pace.SLOWLY, 30, 300)])
def test_refusals_are_retried_slowly(pace: Pace, first_s: float, longest_s: float) -> None:
    waited = pauses(Backoff(lambda: 1.0), Setback("refused", pace), 100)
    assert (waited[0], waited[-1]) == (first_s, longest_s)


@given(chance=st.floats(0, 1, exclude_max=True), asked_s=st.floats(0, 1e6), before=st.integers(0, 40))
def test_nobody_comes_back_before_the_time_that_was_asked_for(
    chance: float, asked_s: float, before: int
) -> None:
    backoff = Backoff(lambda: chance)
    pauses(backoff, GONE, before)
    pause_s = backoff.pause_s(Setback("busy", Pace.LATER, asked_s))
    assert pause_s >= max(SHORTEST_S, min(asked_s, LONGEST_ASKED_S))
    assert pause_s <= 1.25 * LONGEST_ASKED_S


def test_devices_of_one_gateway_do_not_come_back_together() -> None:
    restarted = Setback("restarted", Pace.SOON, 10.0)
    assert Backoff(lambda: 0.0).pause_s(restarted) == 10
    assert Backoff(lambda: 0.8).pause_s(restarted) == pytest.approx(12)
