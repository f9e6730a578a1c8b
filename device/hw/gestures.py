"""What a person means by one button, pure: step(state, time, edge) → (state, acts).

Every press is a press to talk, at once, and every release its end: nothing waits to see whether a tap
becomes something else. Two taps repeat. Tap, tap, hold mutes, or ends muting, while the third press is
still down; that press was a press to talk, too, and what it mutes is what it had begun. Held since
power-on, the button sets up. The rules are the same whether talking is by holding or by toggling.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace

from device.contracts import TAP_S

GAP_S = 0.4
"""The longest pause between two taps that belong together."""
MUTE_S = 0.6
"""How long the third press is held to mute: clearly longer than a tap, shorter than a sentence."""
SET_UP_S = 3.0
"""How long the button is held at power-on."""


class Edge(enum.Enum):
    DOWN = "down"
    UP = "up"


class Act(enum.Enum):
    """What is to be done, in order."""

    PRESS = "press"
    RELEASE = "release"
    REPEAT = "repeat"
    TOGGLE_MUTE = "toggle_mute"
    SET_UP = "set_up"
    SET_UP_OVER = "set_up_over"
    """What held the button since power-on was no person."""
    STUCK = "stuck"
    """It has been down for longer than anybody speaks. For the session it is up again."""
    CURED = "cured"


class Phase(enum.Enum):
    UP = "up"
    TALK = "talk"
    AFTER_MUTE = "after_mute"
    """Still the third press, which has muted."""
    AT_START = "at_start"
    """Down since power-on, not long enough yet."""
    SETTING_UP = "setting_up"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class State:
    stuck_s: float
    """A button that is down for this long is stuck; longer than `SET_UP_S`."""
    phase: Phase = Phase.UP
    since_s: float = 0.0
    """When the button last went down or up."""
    taps: int = 0
    """Taps in a row up to now, with pauses of at most `GAP_S`."""


Step = tuple[State, tuple[Act, ...]]


def held_at_start(stuck_s: float, at_s: float) -> State:
    """The first that is seen of the button is that it is down."""
    return State(stuck_s, Phase.AT_START, at_s)


def deadline_s(state: State) -> float | None:
    """When `step` is due without an edge; None: only an edge changes anything."""
    match state.phase:
        case Phase.UP | Phase.STUCK:
            return None
        case Phase.AT_START:
            return state.since_s + SET_UP_S
        case Phase.TALK if state.taps == 2:
            return state.since_s + MUTE_S
        case _:
            return state.since_s + state.stuck_s


def step(state: State, at_s: float, edge: Edge | None = None) -> Step:
    """Time has passed up to `at_s`, then came `edge`; one to where the button already is changes nothing."""
    acts: tuple[Act, ...] = ()
    while (due_s := deadline_s(state)) is not None and due_s <= at_s:
        state, more = _due(state)
        acts += more
    if edge is Edge.DOWN and state.phase is Phase.UP:
        state, more = _down(state, at_s)
    elif edge is Edge.UP and state.phase is not Phase.UP:
        state, more = _up(state, at_s)
    else:
        more = ()
    return state, acts + more


def _down(state: State, at_s: float) -> Step:
    taps = state.taps if at_s - state.since_s <= GAP_S else 0
    return replace(state, phase=Phase.TALK, since_s=at_s, taps=taps), (Act.PRESS,)


def _up(state: State, at_s: float) -> Step:
    tapped = state.phase is Phase.TALK and at_s - state.since_s < TAP_S
    taps = state.taps + 1 if tapped else 0
    up = replace(state, phase=Phase.UP, since_s=at_s, taps=taps)
    match state.phase:
        case Phase.TALK:
            return up, (Act.RELEASE, Act.REPEAT) if taps == 2 else (Act.RELEASE,)
        case Phase.AFTER_MUTE:
            return up, (Act.RELEASE,)
        case Phase.STUCK:
            return up, (Act.CURED,)
        case _:
            return up, ()


def _due(state: State) -> Step:
    """The deadline of `state` has come."""
    stuck = replace(state, phase=Phase.STUCK)
    match state.phase:
        case Phase.AT_START:
            return replace(state, phase=Phase.SETTING_UP), (Act.SET_UP,)
        case Phase.SETTING_UP:
            return stuck, (Act.SET_UP_OVER, Act.STUCK)
        case Phase.TALK if state.taps == 2:
            return replace(state, phase=Phase.AFTER_MUTE), (Act.TOGGLE_MUTE,)
        case _:
            return stuck, (Act.RELEASE, Act.STUCK)
