"""When sound begins to play, on links of every kind. No clock: times are given."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.jitter_buffer import (
    FIRST_HOLD_S,
    LONGEST_HOLD_S,
    SHORTEST_HOLD_S,
    JitterBuffer,
)
from device.contracts import Audio, Due

PACKET_S = 0.06
PACKET = Audio(bytes(2 * 1440), 24_000)


def play(buffer: JitterBuffer, arrivals_s: Sequence[float], *, ends: bool = True) -> list[tuple[float, int]]:
    """A clause whose packets come then, asked as a consumer asks: when something sounded, and how much."""
    given: list[tuple[float, int]] = []
    again_s: float | None = None

    def ask(now_s: float) -> None:
        nonlocal again_s
        due = buffer.due(now_s)
        again_s = due.again_s
        if due.audio:
            given.append((now_s, len(due.audio)))

    for index, arrived_s in enumerate(arrivals_s):
        if again_s is not None and again_s <= arrived_s:
            ask(again_s)
        buffer.push(PACKET, arrived_s)
        if ends and index == len(arrivals_s) - 1:
            buffer.end()
        ask(arrived_s)
    if again_s is not None:
        ask(again_s)
    return given


def real_time(began_s: float, count: int, late_s: float = 0.0, late: int = -1) -> list[float]:
    """One packet after the other, number `late` that much later, and TCP holds up those behind it."""
    times = [began_s + index * PACKET_S + (late_s if index == late else 0) for index in range(count)]
    return [max(times[: index + 1]) for index in range(count)]


def test_nothing_is_due_of_nothing() -> None:
    assert JitterBuffer().due(1.0) == Due()


def test_sound_in_real_time_is_held_back_a_little_first() -> None:
    given = play(JitterBuffer(), real_time(10.0, 50))
    assert given[0][0] == pytest.approx(10.0 + FIRST_HOLD_S)
    assert sum(count for _, count in given) == 50


def test_it_says_when_to_ask_again_and_gives_it_then() -> None:
    buffer = JitterBuffer()
    buffer.push(PACKET, 10.0)
    assert buffer.due(10.0) == Due(again_s=10.0 + FIRST_HOLD_S)
    assert buffer.due(10.0 + FIRST_HOLD_S).audio == (PACKET,)


def test_sound_that_comes_faster_than_it_plays_starts_as_soon_as_that_is_seen() -> None:
    given = play(JitterBuffer(), [10.0 + index * PACKET_S / 5 for index in range(50)])
    assert given[0][0] <= 10.0 + 2 * PACKET_S / 5


def test_a_burst_starts_at_once() -> None:
    assert play(JitterBuffer(), [10.0] * 20)[0][0] == 10.0


def test_a_clause_that_is_complete_is_held_no_longer() -> None:
    assert play(JitterBuffer(), [10.0]) == [(10.0, 1)]


def test_what_follows_while_the_speaker_is_busy_is_passed_on_at_once() -> None:
    buffer = JitterBuffer()
    play(buffer, [10.0] * 20)
    assert play(buffer, real_time(10.5, 20))[0][0] == 10.5


def test_after_running_dry_it_is_more_careful_and_then_relaxes() -> None:
    buffer = JitterBuffer()
    play(buffer, real_time(10.0, 50, late_s=0.3, late=20))
    assert buffer.gaps == 1
    careful_s = buffer.hold_s
    assert careful_s > 0.3
    play(buffer, real_time(20.0, 50, late_s=0.3, late=20))
    assert buffer.gaps == 1, "the same again is survived"
    for clause in range(60):
        play(buffer, real_time(100.0 + clause * 10, 50))
    assert buffer.gaps == 1
    assert buffer.hold_s == pytest.approx(SHORTEST_HOLD_S, abs=0.02)


def test_waiting_for_the_next_clause_is_no_gap() -> None:
    buffer = JitterBuffer()
    play(buffer, real_time(10.0, 20))
    play(buffer, real_time(60.0, 20))
    assert buffer.gaps == 0


def test_a_bad_link_makes_nobody_wait_longer_than_a_second() -> None:
    buffer = JitterBuffer()
    play(buffer, real_time(10.0, 50, late_s=1.0, late=20))
    assert 0.9 * LONGEST_HOLD_S < buffer.hold_s <= LONGEST_HOLD_S


def test_a_pause_that_no_waiting_would_have_bridged_teaches_nothing() -> None:
    """As where a voice is still being made, and no clause tells so."""
    buffer = JitterBuffer()
    play(buffer, real_time(10.0, 50, late_s=1.5, late=20))
    assert buffer.gaps == 1
    assert buffer.hold_s <= FIRST_HOLD_S


def test_a_barge_in_drops_what_is_held_and_the_next_answer_begins_anew() -> None:
    buffer = JitterBuffer()
    buffer.push(PACKET, 10.0)
    buffer.clear()
    assert buffer.due(10.0) == Due()
    assert play(buffer, real_time(10.1, 20))[0][0] == pytest.approx(10.1 + FIRST_HOLD_S)


STEPS = st.lists(st.floats(0, 2.0), min_size=1, max_size=60)


@given(st.lists(STEPS, min_size=1, max_size=6))
def test_all_sound_is_given_once_in_order_and_never_held_longer_than_allowed(
    clauses: list[list[float]],
) -> None:
    buffer, now_s = JitterBuffer(), 0.0
    for steps in clauses:
        arrivals_s = [now_s := now_s + step for step in steps]
        given = play(buffer, arrivals_s)
        assert sum(count for _, count in given) == len(arrivals_s)
        assert [at_s for at_s, _ in given] == sorted(at_s for at_s, _ in given)
        played = 0
        for at_s, count in given:
            assert at_s - arrivals_s[played] <= LONGEST_HOLD_S + 1e-9
            played += count
        assert SHORTEST_HOLD_S <= buffer.hold_s <= LONGEST_HOLD_S


@given(st.lists(st.floats(0, 0.25), min_size=20, max_size=200))
def test_lateness_within_what_it_holds_never_runs_it_dry(lateness: list[float]) -> None:
    buffer = JitterBuffer()
    buffer.hold_s = 0.3
    times = [10.0 + index * PACKET_S + late for index, late in enumerate(lateness)]
    play(buffer, [max(times[: index + 1]) for index in range(len(times))])
    assert buffer.gaps == 0
