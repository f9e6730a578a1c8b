"""What flaps in the network does not flap in the device."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.connectivity import (
    FIRST_HOLD_S,
    GRACE_S,
    LONGEST_HOLD_S,
    REMEMBERED_S,
    SLOW_S,
    UNSTEADY,
    WELL_S,
    Connectivity,
)
from device.contracts import LinkHealth

UP = LinkHealth(up=True, hears=True, round_trip_s=0.05)
DOWN = LinkHealth(up=False, why="The network is away.", round_trip_s=0.05)


def after(*told: tuple[float, LinkHealth]) -> Connectivity:
    so = Connectivity()
    for at_s, health in told:
        so.measured(health, at_s)
    return so


def test_before_anything_is_known_it_is_not_up_and_nobody_knows_why() -> None:
    assert Connectivity().at(0.0) == LinkHealth(up=False)
    assert Connectivity().again_s(0.0) is None


def test_the_first_connection_counts_at_once() -> None:
    assert after((0.0, DOWN), (1.0, UP)).at(1.0) == UP


def test_a_device_that_never_connects_is_offline_after_the_grace() -> None:
    so = after((0.0, DOWN))
    assert (so.at(GRACE_S - 0.01).why, so.again_s(1.0)) == ("", GRACE_S - 1.0)
    assert so.at(GRACE_S) == LinkHealth(up=False, why=DOWN.why, round_trip_s=0.05)
    assert so.again_s(GRACE_S) is None


def test_a_short_drop_is_not_seen() -> None:
    so = after((0.0, UP), (10.0, DOWN))
    assert so.at(10.0 + GRACE_S - 0.1) == UP
    so.measured(UP, 12.5)
    assert so.at(12.5) == UP
    assert so.again_s(12.5) is None


def test_a_long_drop_is_seen_and_its_end_counts_at_once() -> None:
    so = after((0.0, UP), (10.0, DOWN))
    assert so.again_s(10.0) == GRACE_S
    assert so.at(10.0 + GRACE_S).up is False
    so.measured(UP, 60.0)
    assert so.at(60.0).up


def test_a_drop_is_seen_also_when_nobody_looked_while_it_lasted() -> None:
    so = after((0.0, UP), (10.0, DOWN), (60.0, UP), (61.0, DOWN), (70.0, UP))
    assert so.at(70.0).up is False


def test_a_link_that_keeps_dropping_must_last_longer_each_time() -> None:
    so, now_s, holds = Connectivity(), 0.0, []
    so.measured(UP, now_s)
    for _ in range(7):
        so.measured(DOWN, now_s)
        now_s += GRACE_S
        so.measured(UP, now_s)
        hold_s = so.again_s(now_s) or 0.0
        assert so.at(now_s).up == (hold_s == 0.0)
        assert hold_s == 0.0 or so.at(now_s).why == UNSTEADY
        now_s += hold_s
        assert so.at(now_s).up
        holds.append(hold_s)
    assert holds == [0.0, FIRST_HOLD_S, 20.0, 40.0, *[LONGEST_HOLD_S] * 3]


def test_drops_of_long_ago_are_forgiven() -> None:
    so = after((0.0, UP), (10.0, DOWN), (20.0, UP), (30.0, DOWN), (40.0, UP))
    assert so.at(40.0).up is False
    so.measured(DOWN, 40.0 + REMEMBERED_S)
    so.measured(UP, 50.0 + REMEMBERED_S)
    assert so.at(50.0 + REMEMBERED_S).up


@pytest.mark.parametrize(
    ("round_trips_s", "slow"),
    [
        ([0.05], False),
        ([SLOW_S], True),
        ([SLOW_S - 0.01], False),
        ([SLOW_S, WELL_S], True),
        ([SLOW_S, WELL_S - 0.01], False),
        ([SLOW_S, None], True),
        ([None], False),
    ],
)
def test_a_link_is_slow_from_one_threshold_on_until_below_another(
    round_trips_s: Sequence[float | None], slow: bool
) -> None:
    so = after(*((float(at), LinkHealth(True, round_trip_s=s)) for at, s in enumerate(round_trips_s)))
    assert so.at(10.0).slow is slow


def test_a_link_that_was_lost_is_not_slow_when_it_is_back() -> None:
    so = after((0.0, LinkHealth(True, round_trip_s=2.0)), (10.0, DOWN), (20.0, LinkHealth(up=True)))
    assert so.at(20.0).slow is False


# --- over random ups and downs ---------------------------------------------------------------------

spells = st.lists(st.tuples(st.booleans(), st.floats(0.01, 120)), min_size=1, max_size=60)
"""Up or not, and for how long, s."""
WINDOW_S = 600.0
MOST_CHANGES = 28
"""In any ten minutes: 3, 13, 23 and 43 s are the shortest rounds of a drop and a hold, then 63 s each."""


@settings(deadline=None, max_examples=150)
@given(spells)
def test_however_the_link_flaps_the_device_seldom_changes_and_never_pretends(
    flaps: list[tuple[bool, float]],
) -> None:
    so, now_s, down_since_s = Connectivity(), 0.0, None
    changes: list[float] = []
    shown = False
    for up, lasts_s in flaps:
        down_since_s = None if up else now_s if down_since_s is None else down_since_s
        so.measured(UP if up else DOWN, now_s)
        end_s = now_s + lasts_s
        while True:
            so_now = so.at(now_s)
            assert not so_now.up or down_since_s is None or now_s - down_since_s < GRACE_S
            assert so_now.hears is so_now.up
            if so_now.up is not shown:
                shown = so_now.up
                changes.append(now_s)
            wait_s = so.again_s(now_s)
            if wait_s is None or now_s + wait_s >= end_s:
                break
            now_s += max(wait_s, 1e-6)
        now_s = end_s
    for begin_s in changes:
        assert sum(1 for at_s in changes if begin_s <= at_s < begin_s + WINDOW_S) <= MOST_CHANGES


@settings(deadline=None, max_examples=50)
@given(spells)
def test_a_link_that_stays_up_counts_within_the_longest_hold(flaps: list[tuple[bool, float]]) -> None:
    so, now_s = Connectivity(), 0.0
    for up, lasts_s in flaps:
        so.measured(UP if up else DOWN, now_s)
        now_s += lasts_s
    so.measured(UP, now_s)
    assert so.at(now_s + LONGEST_HOLD_S).up
