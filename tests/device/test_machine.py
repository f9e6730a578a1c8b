"""The state machine over every state × event × facts, and the stories that users would tell of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device import machine as m
from device.contracts import Announcement, Urgency
from device.machine import Facts, Phase, Refusal, State, TalkMode, step

NOW_S = 100.0
ALARM = Announcement(1, Urgency.ALARM, "Your eggs are done.", NOW_S + 60)
FAULT = Announcement(2, Urgency.FAULT, "My microphone is gone.", NOW_S + 60)
PROMISE = Announcement(3, Urgency.PROMISE, "I found out about owls.", NOW_S + 60)
LATE = Announcement(4, Urgency.PROMISE, "Too late.", NOW_S - 1)
ANNOUNCEMENTS = (ALARM, FAULT, PROMISE, LATE)


def all_states() -> Iterator[State]:
    queues = [(), (ALARM,), (PROMISE, LATE), (ALARM, FAULT, PROMISE)]
    for phase, waiting in itertools.product(Phase, queues):
        yield State(phase, 7, waiting=waiting)
        if phase in (Phase.THINKING, Phase.SPEAKING):
            for announcing in (ALARM, FAULT, PROMISE):
                yield State(phase, 7, announcing, waiting)


def all_events() -> list[m.Event]:
    of_turns = [
        event
        for turn_id in (7, 6)
        for event in (
            m.Endpoint(turn_id, m.EndpointReason.SILENCE),
            m.Endpoint(turn_id, m.EndpointReason.LIMIT),
            m.NothingHeard(turn_id),
            m.NothingHeard(turn_id, tapped=True),
            m.FirstAudio(turn_id),
            m.ReplyDone(turn_id),
            m.TurnFailed(turn_id, "hung"),
        )
    ]
    announced = [m.Announced(a) for a in ANNOUNCEMENTS]
    return [
        m.Pressed(99.0),
        m.Released(),
        m.Asked("hi"),
        m.Stopped(),
        m.Repeated(),
        m.FactsChanged(),
        m.Withdrawn(PROMISE.announcement_id),
        *announced,
        *of_turns,
    ]


def all_facts() -> list[Facts]:
    flags = itertools.product(TalkMode, (False, True), (False, True), (False, True))
    facts = [Facts(NOW_S, mode, muted, setup, updating) for mode, muted, setup, updating in flags]
    return [*facts, Facts(NOW_S, faults=frozenset({m.MICROPHONE})), Facts(NOW_S, faults=frozenset({"robot"}))]


EVERYTHING = list(itertools.product(all_states(), all_events(), all_facts()))
STALE = [e for e in all_events() if getattr(e, "turn_id", 7) != 7]

BEGINNINGS = (m.Listen, m.Answer, m.SayAgain, m.Announce)


def begun(actions: tuple[m.Action, ...]) -> list[m.Listen | m.Answer | m.SayAgain | m.Announce]:
    return [a for a in actions if isinstance(a, BEGINNINGS)]


def test_the_table_names_every_pair_of_phase_and_event() -> None:
    assert set(m.TABLE) == set(Phase)
    for phase, row in m.TABLE.items():
        assert set(row) == set(get_args(m.Event)), phase


def test_every_combination_keeps_the_invariants() -> None:
    assert len(EVERYTHING) > 5_000
    for state, event, facts in EVERYTHING:
        after, actions = step(state, event, facts)
        where = (state, event, facts, after, actions)
        starts = begun(actions)
        cancels = [a for a in actions if isinstance(a, m.Cancel)]
        assert len(starts) <= 1, where
        assert len(cancels) <= 1, where
        assert after.turn_id == state.turn_id + len(starts), where
        if starts:
            assert starts[0].turn_id == after.turn_id, where
            assert after.phase is not Phase.IDLE, where
            assert actions[-1] is starts[0], where
        if cancels:
            assert cancels[0].turn_id == state.turn_id, where
        if state.phase is not Phase.IDLE and starts:
            ended_itself = isinstance(event, m.NothingHeard | m.ReplyDone | m.TurnFailed)
            assert cancels or ended_itself, where
        assert after.announcing is None or after.phase is not Phase.IDLE, where
        assert list(after.waiting) == sorted(after.waiting, key=lambda a: -a.urgency), where
        assert len(after.waiting) <= m.LONGEST_QUEUE, where


def test_no_announcement_is_ever_lost_without_a_word() -> None:
    for state, event, facts in EVERYTHING:
        after, actions = step(state, event, facts)
        before = set(state.waiting)
        if state.announcing:
            before.add(state.announcing)
        if isinstance(event, m.Announced):
            before.add(event.announcement)
        said = {a.announcement for a in actions if isinstance(a, m.Announce)}
        gone = {a.announcement for a in actions if isinstance(a, m.Dismiss | m.Said | m.Drop)}
        left = set(after.waiting) | said | gone
        if after.announcing:
            left.add(after.announcing)
        assert before <= left, (state, event, facts, after, actions)


@pytest.mark.parametrize("stale", STALE)
def test_an_event_of_an_older_turn_changes_nothing(stale: m.Event) -> None:
    for state, facts in itertools.product(all_states(), all_facts()):
        assert step(state, stale, facts) == (state, ())


def test_an_announcement_never_talks_over_a_person() -> None:
    for announcement, facts in itertools.product(ANNOUNCEMENTS, all_facts()):
        after, actions = step(State(Phase.LISTENING, 7), m.Announced(announcement), facts)
        assert after.phase is Phase.LISTENING
        assert actions == ()
        assert announcement in after.waiting


@pytest.mark.parametrize("phase", [Phase.THINKING, Phase.SPEAKING])
def test_an_alarm_pre_empts_a_reply_and_lesser_announcements_wait(phase: Phase) -> None:
    state = State(phase, 7)
    after, actions = step(state, m.Announced(ALARM), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Announce(8, ALARM))
    assert after == State(Phase.SPEAKING, 8, announcing=ALARM)
    for lesser in (FAULT, PROMISE):
        after, actions = step(state, m.Announced(lesser), Facts(NOW_S))
        assert actions == ()
        assert after.waiting == (lesser,)


def test_a_pre_empted_announcement_comes_again_after_the_alarm() -> None:
    state, _ = step(State(), m.Announced(PROMISE), Facts(NOW_S))
    state, actions = step(state, m.Announced(ALARM), Facts(NOW_S))
    assert actions == (m.Cancel(1), m.Announce(2, ALARM))
    state, actions = step(state, m.ReplyDone(2), Facts(NOW_S))
    assert actions == (m.Said(ALARM), m.Announce(3, PROMISE))


def test_a_press_dismisses_an_announcement_and_listens() -> None:
    state = State(Phase.SPEAKING, 7, announcing=ALARM)
    after, actions = step(state, m.Pressed(99.0), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Dismiss(ALARM), m.Listen(8, 99.0))
    assert after.phase is Phase.LISTENING


def test_what_expired_while_waiting_is_dropped_not_said() -> None:
    state = State(Phase.SPEAKING, 7, waiting=(PROMISE,))
    after, actions = step(state, m.ReplyDone(7), Facts(PROMISE.expires_s))
    assert actions == (m.Drop(PROMISE),)
    assert after == State(Phase.IDLE, 7)


def test_after_stop_only_an_alarm_still_rings() -> None:
    state = State(Phase.SPEAKING, 7, waiting=(PROMISE,))
    after, actions = step(state, m.Stopped(), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Halt())
    assert after == State(Phase.IDLE, 7, waiting=(PROMISE,))
    after, actions = step(State(Phase.SPEAKING, 7, waiting=(ALARM,)), m.Stopped(), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Halt(), m.Announce(8, ALARM))


def test_after_stop_an_alarm_that_came_too_late_does_not_let_a_promise_through() -> None:
    late_alarm = Announcement(5, Urgency.ALARM, "Too late.", NOW_S - 1)
    state = State(Phase.SPEAKING, 7, waiting=(late_alarm, PROMISE))
    after, actions = step(state, m.Stopped(), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Halt(), m.Drop(late_alarm))
    assert after == State(Phase.IDLE, 7, waiting=(PROMISE,))


def test_an_alarm_that_waited_for_a_person_rings_when_the_person_is_refused() -> None:
    waiting = State(Phase.LISTENING, 7, waiting=(ALARM,))
    _, actions = step(waiting, m.FactsChanged(), Facts(NOW_S, muted=True))
    assert actions == (m.Cancel(7), m.Refuse(Refusal.MUTED), m.Announce(8, ALARM))
    waiting = State(Phase.SPEAKING, 7, waiting=(ALARM,))
    _, actions = step(waiting, m.Pressed(99.0), Facts(NOW_S, muted=True))
    assert actions == (m.Cancel(7), m.Refuse(Refusal.MUTED), m.Announce(8, ALARM))


def test_an_alarm_that_waits_rings_as_soon_as_nobody_is_served() -> None:
    for state, event, facts in EVERYTHING:
        after, _ = step(state, event, facts)
        if after.phase is Phase.IDLE and state.phase is not Phase.IDLE:
            assert ALARM not in after.waiting, (state, event, facts)


def test_stop_halts_from_every_state() -> None:
    for state, facts in itertools.product(all_states(), all_facts()):
        assert m.Halt() in step(state, m.Stopped(), facts)[1]


def test_a_tap_leaves_silence_behind_and_only_an_alarm_still_rings() -> None:
    state = State(Phase.LISTENING, 7, waiting=(ALARM, FAULT, PROMISE))
    after, actions = step(state, m.NothingHeard(7, tapped=True), Facts(NOW_S))
    assert actions == (m.Halt(), m.Announce(8, ALARM))
    after, actions = step(State(Phase.THINKING, 7, waiting=(FAULT,)), m.NothingHeard(7, True), Facts(NOW_S))
    assert (after.phase, actions) == (Phase.IDLE, (m.Halt(),))


@pytest.mark.parametrize("phase", Phase)
def test_what_was_said_is_said_again_whatever_was_under_way(phase: Phase) -> None:
    _, actions = step(State(phase, 7), m.Repeated(), Facts(NOW_S, muted=True))
    assert actions[-1] == m.SayAgain(8)
    assert (m.Cancel(7) in actions) == (phase is not Phase.IDLE)


@pytest.mark.parametrize("phase", [Phase.IDLE, Phase.SPEAKING])
def test_without_a_microphone_a_press_is_refused_but_typing_is_not(phase: Phase) -> None:
    facts = Facts(NOW_S, faults=frozenset({m.MICROPHONE}))
    _, pressed = step(State(phase, 7), m.Pressed(NOW_S), facts)
    assert pressed[-1] == m.Refuse(Refusal.NO_MICROPHONE)
    _, asked = step(State(phase, 7), m.Asked("hi"), facts)
    assert asked[-1] == m.Answer(8, "hi")


def test_a_microphone_that_goes_away_in_mid_utterance_ends_the_turn_in_words() -> None:
    facts = Facts(NOW_S, faults=frozenset({m.MICROPHONE}))
    after, actions = step(State(Phase.LISTENING, 7), m.FactsChanged(), facts)
    assert after.phase is Phase.IDLE
    assert actions == (m.Cancel(7), m.Refuse(Refusal.NO_MICROPHONE))


def test_whoever_wanted_something_announced_learns_whether_it_was_said() -> None:
    speaking = State(Phase.SPEAKING, 7, announcing=ALARM)
    assert step(speaking, m.ReplyDone(7), Facts(NOW_S))[1] == (m.Said(ALARM),)
    assert step(speaking, m.TurnFailed(7, "hung"), Facts(NOW_S))[1] == (m.Drop(ALARM),)
    assert m.Dismiss(ALARM) in step(speaking, m.Stopped(), Facts(NOW_S))[1]


def test_while_the_button_is_held_silence_never_ends_the_turn_but_the_limit_does() -> None:
    state, hold = State(Phase.LISTENING, 7), Facts(NOW_S, TalkMode.HOLD)
    assert step(state, m.Endpoint(7, m.EndpointReason.SILENCE), hold) == (state, ())
    after, actions = step(state, m.Endpoint(7, m.EndpointReason.LIMIT), hold)
    assert actions == (m.EndCapture(7),)
    assert after.phase is Phase.THINKING


def test_in_toggle_mode_silence_or_a_second_press_ends_the_utterance_and_release_does_not() -> None:
    state, toggle = State(Phase.LISTENING, 7), Facts(NOW_S, TalkMode.TOGGLE)
    assert step(state, m.Released(), toggle) == (state, ())
    for event in (m.Pressed(99.0), m.Endpoint(7, m.EndpointReason.SILENCE)):
        assert step(state, event, toggle)[1] == (m.EndCapture(7),)


@pytest.mark.parametrize("phase", [Phase.THINKING, Phase.SPEAKING])
def test_a_press_during_a_reply_is_barge_in(phase: Phase) -> None:
    after, actions = step(State(phase, 7), m.Pressed(99.0), Facts(NOW_S))
    assert actions == (m.Cancel(7), m.Listen(8, 99.0))
    assert after == State(Phase.LISTENING, 8)


def test_a_press_while_muted_still_silences_the_reply_and_is_refused() -> None:
    after, actions = step(State(Phase.SPEAKING, 7), m.Pressed(99.0), Facts(NOW_S, muted=True))
    assert actions == (m.Cancel(7), m.Refuse(Refusal.MUTED))
    assert after.phase is Phase.IDLE


def test_muting_in_mid_utterance_lets_the_microphone_go() -> None:
    after, actions = step(State(Phase.LISTENING, 7), m.FactsChanged(), Facts(NOW_S, muted=True))
    assert actions == (m.Cancel(7), m.Refuse(Refusal.MUTED))
    assert after.phase is Phase.IDLE


def test_the_microphone_is_never_opened_while_muted_in_setup_or_updating() -> None:
    for state, event, facts in EVERYTHING:
        if facts.muted or facts.setup or facts.updating:
            assert not any(isinstance(a, m.Listen) for a in step(state, event, facts)[1])


def test_what_is_withdrawn_is_never_said_if_it_was_not_begun() -> None:
    for phase in Phase:
        state = State(phase, 7, waiting=(ALARM, PROMISE))
        after, actions = step(state, m.Withdrawn(PROMISE.announcement_id), Facts(NOW_S))
        assert after == replace(state, waiting=(ALARM,))
        assert actions == (m.Drop(PROMISE),)
        assert step(after, m.Withdrawn(PROMISE.announcement_id), Facts(NOW_S)) == (after, ())


def test_a_crowd_of_announcements_is_bounded_and_the_least_urgent_goes() -> None:
    state = State(Phase.LISTENING, 7)
    for number in range(m.LONGEST_QUEUE):
        state, _ = step(state, m.Announced(Announcement(number, Urgency.FAULT, "x", 999)), Facts(NOW_S))
    after, actions = step(state, m.Announced(PROMISE), Facts(NOW_S))
    assert actions == (m.Drop(PROMISE),)
    after, actions = step(state, m.Announced(ALARM), Facts(NOW_S))
    assert after.waiting[0] is ALARM
    assert len(after.waiting) == m.LONGEST_QUEUE


@given(st.lists(st.tuples(st.sampled_from(all_events()), st.sampled_from(all_facts())), max_size=40))
def test_any_story_of_events_never_leaves_a_turn_running_beside_another(
    story: list[tuple[m.Event, Facts]],
) -> None:
    state, running = State(turn_id=5), None
    for event, facts in story:
        state, actions = step(state, event, facts)
        if isinstance(event, m.NothingHeard | m.ReplyDone | m.TurnFailed) and event.turn_id == running:
            running = None
        for action in actions:
            if isinstance(action, m.Cancel):
                assert action.turn_id == running
                running = None
            elif isinstance(action, BEGINNINGS):
                assert running is None
                running = action.turn_id
        assert (running is None) == (state.phase is Phase.IDLE)
