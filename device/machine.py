"""The one state machine of a conversation, pure: step(state, event, facts) → (next state, actions).

Nothing here waits, reads a clock or knows a device. Online, muted, setup, updating and faults are
facts beside the state, not states. Events that were born in a turn carry its id, and stale ones
change nothing. `TABLE` names the handler of every pair of phase and event; `IGNORED` stands where
nothing is to be done, so that no pair is left to chance.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace

from device.contracts import Announcement, Urgency

LONGEST_QUEUE = 8
"""Announcements that may wait; one more pushes out the least urgent."""


class Phase(enum.Enum):
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


class TalkMode(enum.Enum):
    HOLD = "hold"
    TOGGLE = "toggle"


class Refusal(enum.Enum):
    """Why a press or a request was not taken."""

    MUTED = "muted"
    SETUP = "setup"
    UPDATING = "updating"
    LISTENING = "listening"
    NO_MICROPHONE = "no_microphone"


MICROPHONE = "microphone"
"""The part that nobody can be heard without, as `Facts.faults` names it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so, whatever the conversation is doing. `now_s` is monotonic."""

    now_s: float
    mode: TalkMode = TalkMode.HOLD
    muted: bool = False
    setup: bool = False
    updating: bool = False
    online: bool = True
    faults: frozenset[str] = frozenset()
    """The parts that do not work, by name."""


@dataclass(frozen=True, slots=True)
class State:
    """`turn_id` is the turn under way, or the last one when idle; ids only rise."""

    phase: Phase = Phase.IDLE
    turn_id: int = 0
    announcing: Announcement | None = None
    """The turn under way is this announcement."""
    waiting: tuple[Announcement, ...] = ()
    """Most urgent first, then oldest first."""


# --- events --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Pressed:
    at_s: float
    """When the button went down, monotonic; the pre-roll reaches back from here."""


@dataclass(frozen=True, slots=True)
class Released: ...


@dataclass(frozen=True, slots=True)
class Asked:
    text: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """Somebody wants silence and stillness."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """Somebody wants to hear it again."""


@dataclass(frozen=True, slots=True)
class Announced:
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """An announcement that waits is not to be said any more; one that sounds already goes on."""

    announcement_id: int


@dataclass(frozen=True, slots=True)
class FactsChanged: ...


class EndpointReason(enum.Enum):
    SILENCE = "silence"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Endpoint:
    turn_id: int
    reason: EndpointReason


@dataclass(frozen=True, slots=True)
class NothingHeard:
    turn_id: int
    tapped: bool = False
    """The press was a tap: silence is what it was meant for."""


@dataclass(frozen=True, slots=True)
class FirstAudio:
    turn_id: int


@dataclass(frozen=True, slots=True)
class ReplyDone:
    turn_id: int


@dataclass(frozen=True, slots=True)
class TurnFailed:
    """The turn ended without having been able to say so itself."""

    turn_id: int
    why: str


Event = (
    Pressed
    | Released
    | Asked
    | Stopped
    | Repeated
    | Announced
    | Withdrawn
    | FactsChanged
    | Endpoint
    | NothingHeard
    | FirstAudio
    | ReplyDone
    | TurnFailed
)

TURN_EVENTS = (Endpoint, NothingHeard, FirstAudio, ReplyDone, TurnFailed)


# --- actions -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listen:
    """Begin a spoken turn."""

    turn_id: int
    pressed_s: float


@dataclass(frozen=True, slots=True)
class EndCapture:
    """No more sound is wanted after the post-roll; go on to the transcript."""

    turn_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Begin a typed turn."""

    turn_id: int
    text: str


@dataclass(frozen=True, slots=True)
class SayAgain:
    """Begin a turn that says again what was said last."""

    turn_id: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Begin a turn that says an announcement."""

    turn_id: int
    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Cancel:
    """Silence the speaker, stop this turn and await its end."""

    turn_id: int


@dataclass(frozen=True, slots=True)
class Halt:
    """Silence the speaker and halt the robot."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """Let the person see and hear why not."""

    why: Refusal


@dataclass(frozen=True, slots=True)
class Dismiss:
    """The person has had enough of this announcement: it never comes again."""

    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Said:
    """An announcement came to its end."""

    announcement: Announcement


@dataclass(frozen=True, slots=True)
class Drop:
    """An announcement was too late, or one too many, and was never said."""

    announcement: Announcement


Action = Listen | EndCapture | Answer | SayAgain | Announce | Cancel | Halt | Refuse | Dismiss | Said | Drop

Step = tuple[State, tuple[Action, ...]]


def step(state: State, event: Event, facts: Facts) -> Step:
    """What `event` does to `state`, given `facts`. Total: every pair has an answer."""
    if isinstance(event, TURN_EVENTS) and event.turn_id != state.turn_id:
        return state, ()
    return TABLE[state.phase][type(event)](state, event, facts)


# --- handlers ------------------------------------------------------------------------------------


def _ignore(state: State, event: Event, facts: Facts) -> Step:
    return state, ()


def _press(state: State, event: Event, facts: Facts) -> Step:
    """From any phase but LISTENING: a new spoken turn; barge-in where another was under way."""
    assert isinstance(event, Pressed)
    state, actions = _end_turn(state, dismissed=True)
    refusal = _refusal(facts)
    if refusal:
        state, announced = _next_announcement(state, facts)
        return state, (*actions, Refuse(refusal), *announced)
    turn_id = state.turn_id + 1
    state = replace(state, phase=Phase.LISTENING, turn_id=turn_id)
    return state, (*actions, Listen(turn_id, event.at_s))


def _press_while_listening(state: State, event: Event, facts: Facts) -> Step:
    return _end_capture(state) if facts.mode is TalkMode.TOGGLE else (state, ())


def _release(state: State, event: Event, facts: Facts) -> Step:
    return _end_capture(state) if facts.mode is TalkMode.HOLD else (state, ())


def _endpoint(state: State, event: Event, facts: Facts) -> Step:
    """While the button is held, silence never ends the turn."""
    assert isinstance(event, Endpoint)
    if event.reason is EndpointReason.SILENCE and facts.mode is TalkMode.HOLD:
        return state, ()
    return _end_capture(state)


def _ask(state: State, event: Event, facts: Facts) -> Step:
    """Typed words do not need the microphone, so muted does not matter."""
    assert isinstance(event, Asked)
    text = event.text
    return _begin_unheard(state, facts, lambda turn_id: Answer(turn_id, text))


def _repeat(state: State, event: Event, facts: Facts) -> Step:
    return _begin_unheard(state, facts, SayAgain)


def _ask_while_listening(state: State, event: Event, facts: Facts) -> Step:
    return state, (Refuse(Refusal.LISTENING),)


def _stop(state: State, event: Event, facts: Facts) -> Step:
    """Quiet means quiet: of what waits to be announced, only an alarm still rings."""
    state, actions = _end_turn(state, dismissed=True)
    state, then = _be_still(state, facts)
    return state, (*actions, *then)


def _nothing_heard(state: State, event: Event, facts: Facts) -> Step:
    """A tap has silenced what sounded, and nothing is to follow."""
    assert isinstance(event, NothingHeard)
    if not event.tapped:
        return _turn_over(state, event, facts)
    state, over = _finish(state, failed=False)
    state, then = _be_still(state, facts)
    return state, (*over, *then)


def _be_still(state: State, facts: Facts) -> Step:
    """From IDLE."""
    state, expired = _expire(state, facts)
    actions: tuple[Action, ...] = (Halt(), *expired)
    if state.waiting and state.waiting[0].urgency is Urgency.ALARM:
        state, ring = _next_announcement(state, facts)
        actions = (*actions, *ring)
    return state, actions


def _announced_in_idle(state: State, event: Event, facts: Facts) -> Step:
    assert isinstance(event, Announced)
    state, dropped = _queue(state, event.announcement)
    state, actions = _next_announcement(state, facts)
    return state, (*dropped, *actions)


def _announced_in_turn(state: State, event: Event, facts: Facts) -> Step:
    """An alarm pre-empts a reply or a lesser announcement, which then waits again."""
    assert isinstance(event, Announced)
    interrupted = state.announcing
    state, dropped = _queue(state, event.announcement)
    alarm_under_way = interrupted is not None and interrupted.urgency is Urgency.ALARM
    if event.announcement.urgency is not Urgency.ALARM or alarm_under_way:
        return state, dropped
    state, cancelled = _end_turn(state, dismissed=False)
    if interrupted:
        state, dropped_too = _queue(state, interrupted)
        dropped = (*dropped, *dropped_too)
    state, actions = _next_announcement(state, facts)
    return state, (*dropped, *cancelled, *actions)


def _announced_while_listening(state: State, event: Event, facts: Facts) -> Step:
    assert isinstance(event, Announced)
    return _queue(state, event.announcement)


def _withdrawn(state: State, event: Event, facts: Facts) -> Step:
    assert isinstance(event, Withdrawn)
    gone = tuple(a for a in state.waiting if a.announcement_id == event.announcement_id)
    live = tuple(a for a in state.waiting if a.announcement_id != event.announcement_id)
    return replace(state, waiting=live), tuple(map(Drop, gone))


def _first_audio(state: State, event: Event, facts: Facts) -> Step:
    return replace(state, phase=Phase.SPEAKING), ()


def _turn_over(state: State, event: Event, facts: Facts) -> Step:
    state, over = _finish(state, failed=isinstance(event, TurnFailed))
    state, actions = _next_announcement(state, facts)
    return state, (*over, *actions)


def _facts_changed_in_idle(state: State, event: Event, facts: Facts) -> Step:
    return _next_announcement(state, facts)


def _facts_changed_while_listening(state: State, event: Event, facts: Facts) -> Step:
    """Muted, unplugged or worse in mid-utterance: the microphone is let go at once."""
    refusal = _refusal(facts)
    if refusal is None:
        return state, ()
    state, actions = _end_turn(state, dismissed=False)
    state, announced = _next_announcement(state, facts)
    return state, (*actions, Refuse(refusal), *announced)


# --- shared moves --------------------------------------------------------------------------------


def _refusal(facts: Facts) -> Refusal | None:
    if facts.updating:
        return Refusal.UPDATING
    if facts.setup:
        return Refusal.SETUP
    if facts.muted:
        return Refusal.MUTED
    return Refusal.NO_MICROPHONE if MICROPHONE in facts.faults else None


def _begin_unheard(state: State, facts: Facts, begin: Callable[[int], Action]) -> Step:
    """A turn that needs no microphone, in place of whatever was under way."""
    if facts.setup or facts.updating:
        return state, (Refuse(Refusal.SETUP if facts.setup else Refusal.UPDATING),)
    state, actions = _end_turn(state, dismissed=True)
    turn_id = state.turn_id + 1
    return replace(state, phase=Phase.THINKING, turn_id=turn_id), (*actions, begin(turn_id))


def _end_capture(state: State) -> Step:
    return replace(state, phase=Phase.THINKING), (EndCapture(state.turn_id),)


def _finish(state: State, *, failed: bool) -> Step:
    """To IDLE, from a turn that has ended by itself. An announcement that failed was not said."""
    idle = replace(state, phase=Phase.IDLE, announcing=None)
    if state.announcing is None:
        return idle, ()
    return idle, (Drop(state.announcing) if failed else Said(state.announcing),)


def _end_turn(state: State, *, dismissed: bool) -> Step:
    """To IDLE, cancelling the turn under way if there is one."""
    if state.phase is Phase.IDLE:
        return state, ()
    actions: tuple[Action, ...] = (Cancel(state.turn_id),)
    if dismissed and state.announcing:
        actions = (*actions, Dismiss(state.announcing))
    return replace(state, phase=Phase.IDLE, announcing=None), actions


def _queue(state: State, announcement: Announcement) -> Step:
    """Sorted is stable: within one urgency the oldest stays first, and the newest least urgent falls out."""
    waiting = sorted((*state.waiting, announcement), key=lambda a: -a.urgency)
    kept, dropped = waiting[:LONGEST_QUEUE], waiting[LONGEST_QUEUE:]
    return replace(state, waiting=tuple(kept)), tuple(Drop(a) for a in dropped)


def _expire(state: State, facts: Facts) -> Step:
    """Without the announcements that are not worth saying any more."""
    expired = tuple(Drop(a) for a in state.waiting if a.expires_s <= facts.now_s)
    live = tuple(a for a in state.waiting if a.expires_s > facts.now_s)
    return replace(state, waiting=live), expired


def _next_announcement(state: State, facts: Facts) -> Step:
    """From IDLE: begin the first announcement that is still worth saying."""
    state, expired = _expire(state, facts)
    if not state.waiting:
        return state, expired
    first, *rest = state.waiting
    turn_id = state.turn_id + 1
    state = State(Phase.SPEAKING, turn_id, announcing=first, waiting=tuple(rest))
    return state, (*expired, Announce(turn_id, first))


Handler = Callable[[State, Event, Facts], Step]

IGNORED: Handler = _ignore

TABLE: dict[Phase, dict[type[Event], Handler]] = {
    Phase.IDLE: {
        Pressed: _press,
        Released: IGNORED,
        Asked: _ask,
        Stopped: _stop,
        Repeated: _repeat,
        Announced: _announced_in_idle,
        Withdrawn: _withdrawn,
        FactsChanged: _facts_changed_in_idle,
        Endpoint: IGNORED,
        NothingHeard: IGNORED,
        FirstAudio: IGNORED,
        ReplyDone: IGNORED,
        TurnFailed: IGNORED,
    },
    Phase.LISTENING: {
        Pressed: _press_while_listening,
        Released: _release,
        Asked: _ask_while_listening,
        Stopped: _stop,
        Repeated: _repeat,
        Announced: _announced_while_listening,
        Withdrawn: _withdrawn,
        FactsChanged: _facts_changed_while_listening,
        Endpoint: _endpoint,
        NothingHeard: _nothing_heard,
        FirstAudio: IGNORED,
        ReplyDone: _turn_over,
        TurnFailed: _turn_over,
    },
    Phase.THINKING: {
        Pressed: _press,
        Released: IGNORED,
        Asked: _ask,
        Stopped: _stop,
        Repeated: _repeat,
        Announced: _announced_in_turn,
        Withdrawn: _withdrawn,
        FactsChanged: IGNORED,
        Endpoint: IGNORED,
        NothingHeard: _nothing_heard,
        FirstAudio: _first_audio,
        ReplyDone: _turn_over,
        TurnFailed: _turn_over,
    },
    Phase.SPEAKING: {
        Pressed: _press,
        Released: IGNORED,
        Asked: _ask,
        Stopped: _stop,
        Repeated: _repeat,
        Announced: _announced_in_turn,
        Withdrawn: _withdrawn,
        FactsChanged: IGNORED,
        Endpoint: IGNORED,
        NothingHeard: _nothing_heard,
        FirstAudio: IGNORED,
        ReplyDone: _turn_over,
        TurnFailed: _turn_over,
    },
}
