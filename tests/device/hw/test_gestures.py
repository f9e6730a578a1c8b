"""One button's edges and what they mean: properties that hold for any edges at all."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.contracts import TAP_S
from device.hw.gestures import (
    GAP_S,
    MUTE_S,
    SET_UP_S,
    Act,
    Edge,
    Phase,
    State,
    deadline_s,
    held_at_start,
    step,
)

STUCK_S = 35.0
DURATIONS = st.one_of(
    st.floats(0.001, 0.8), st.floats(0.001, 60.0), st.sampled_from((TAP_S, GAP_S, MUTE_S, SET_UP_S, STUCK_S))
)
STORIES = st.lists(st.tuples(DURATIONS, st.sampled_from((Edge.DOWN, Edge.UP, None))), max_size=40)
STARTS = st.sampled_from((State(STUCK_S), held_at_start(STUCK_S, 0.0)))


def play(state: State, story: list[tuple[float, Edge | None]]) -> tuple[State, list[Act], float]:
    done: list[Act] = []
    now_s = 0.0
    for passes_s, edge in story:
        now_s += passes_s
        state, acts = step(state, now_s, edge)
        done += acts
    return state, done, now_s


def pairs(done: list[Act], opens: Act, closes: Act) -> bool:
    """Whether the two strictly take turns, beginning with the one that opens."""
    both = [act for act in done if act in (opens, closes)]
    return all(act is (opens, closes)[place % 2] for place, act in enumerate(both))


@given(STARTS, STORIES)
def test_no_release_without_its_press_and_no_cure_without_a_fault(
    start: State, story: list[tuple[float, Edge | None]]
) -> None:
    _, done, _ = play(start, story)
    assert pairs(done, Act.PRESS, Act.RELEASE)
    assert pairs(done, Act.STUCK, Act.CURED)
    assert pairs(done, Act.SET_UP, Act.SET_UP_OVER)


@given(STARTS, STORIES)
def test_once_let_go_nothing_is_pressed_nor_ever_due(
    start: State, story: list[tuple[float, Edge | None]]
) -> None:
    state, done, now_s = play(start, [*story, (1.0, Edge.UP)])
    assert state.phase is Phase.UP
    assert deadline_s(state) is None
    assert done.count(Act.PRESS) == done.count(Act.RELEASE)
    assert step(state, now_s + 1e6) == (state, ())


@given(STARTS, STORIES)
def test_a_deadline_is_finite_and_lies_ahead(start: State, story: list[tuple[float, Edge | None]]) -> None:
    state, _, now_s = play(start, story)
    due_s = deadline_s(state)
    assert due_s is None or (math.isfinite(due_s) and now_s < due_s <= now_s + STUCK_S)


@given(STARTS, STORIES)
def test_it_does_not_matter_how_often_somebody_looks(
    start: State, story: list[tuple[float, Edge | None]]
) -> None:
    """A late timer, or one too many, changes nothing: an edge brings what was due before it."""
    now_s = 0.0
    looked: list[Act] = []
    state = start
    for passes_s, edge in story:
        while (due_s := deadline_s(state)) is not None and due_s <= now_s + passes_s:
            state, acts = step(state, due_s)
            looked += acts
        now_s += passes_s
        state, acts = step(state, now_s, edge)
        looked += acts
    assert (state, looked, now_s) == play(start, story)


@given(STARTS, STORIES)
def test_while_stuck_nothing_else_happens(start: State, story: list[tuple[float, Edge | None]]) -> None:
    _, done, _ = play(start, story)
    after = [following for act, following in pairwise(done) if act is Act.STUCK]
    assert set(after) <= {Act.CURED}


@given(st.lists(st.tuples(st.floats(0.01, 0.24), st.floats(0.01, 0.39)), min_size=2, max_size=12))
def test_however_many_taps_in_a_row_repeat_once(taps: list[tuple[float, float]]) -> None:
    """Somebody who hammers on the button is not answered by a repetition for every other tap."""
    story: list[tuple[float, Edge | None]] = []
    for down_s, up_s in taps:
        story += [(up_s, Edge.DOWN), (down_s, Edge.UP)]
    _, done, _ = play(State(STUCK_S), story)
    assert done.count(Act.REPEAT) == 1
    assert Act.TOGGLE_MUTE not in done


@given(st.floats(0.25, 30.0))
def test_a_hold_by_itself_is_only_ever_talk(held_s: float) -> None:
    _, done, _ = play(State(STUCK_S), [(1.0, Edge.DOWN), (held_s, Edge.UP)])
    assert done == [Act.PRESS, Act.RELEASE]


@pytest.mark.parametrize(
    ("held_s", "done"),
    [
        (2.9, []),
        (3.1, [Act.SET_UP]),
        (40.0, [Act.SET_UP, Act.SET_UP_OVER, Act.STUCK, Act.CURED]),
    ],
)
def test_held_since_power_on_sets_up_and_its_release_is_no_talk(held_s: float, done: list[Act]) -> None:
    start = held_at_start(STUCK_S, 100.0)
    state, first = step(start, 100.0 + held_s)
    state, last = step(state, 100.0 + held_s, Edge.UP)
    assert [*first, *last] == done
    assert step(state, 200.0, Edge.DOWN)[1] == (Act.PRESS,)
