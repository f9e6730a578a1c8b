"""A button to talk by, whatever its edges come from: a pin, a key or the page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from device.hw.gestures import Act, Edge, State, deadline_s, held_at_start, step
from device.ports import Controls, Switches

PIN, KEY, PAGE = "button", "keyboard", "page button"
"""The buttons by their names as parts of the device: a fault of one is that it does not come up."""
BUTTONS = frozenset({PIN, KEY, PAGE})
BEYOND_LONGEST_S = 5.0
"""A button that is down this much longer than an utterance may last is stuck."""


class TalkButton:
    """Implements `ports.Button`: gives presses to the controls and gestures to the switches.

    One for each button. From the event loop only; every method returns at once.
    """

    def __init__(
        self,
        controls: Controls,
        switches: Switches,
        *,
        muted: Callable[[], bool],
        fault: Callable[[str, str], None],
        longest_s: float,
        part: str = PIN,
    ) -> None:
        """`muted`: whether the device is, now. `longest_s`: of an utterance.

        `fault` is told of `part` that it is stuck, in a sentence, and with "" that it no longer is.
        """
        self._controls = controls
        self._switches = switches
        self._muted = muted
        self._fault = fault
        self._part = part
        self._state = State(longest_s + BEYOND_LONGEST_S)
        self._timer: asyncio.TimerHandle | None = None

    def press(self, at_s: float | None = None) -> None:
        """`at_s`: when it happened, by the loop's clock; now, if not given."""
        self._step(at_s, Edge.DOWN)

    def release(self, at_s: float | None = None) -> None:
        self._step(at_s, Edge.UP)

    def held_at_start(self, at_s: float | None = None) -> None:
        """The first that is seen of the button is that it is down: no press to talk."""
        self._state = held_at_start(self._state.stuck_s, self._now_s() if at_s is None else at_s)
        self._set_timer()

    def close(self) -> None:
        """The button goes away: whatever it holds down is let go. Idempotent."""
        self._step(None, Edge.UP)

    def _step(self, at_s: float | None, edge: Edge | None) -> None:
        self._state, acts = step(self._state, self._now_s() if at_s is None else at_s, edge)
        self._set_timer()
        for act in acts:
            self._do(act)

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        due_s = deadline_s(self._state)
        loop = asyncio.get_running_loop()
        self._timer = None if due_s is None else loop.call_at(due_s, self._step, due_s, None)

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def _do(self, act: Act) -> None:
        match act:
            case Act.PRESS:
                self._controls.press()
            case Act.RELEASE:
                self._controls.release()
            case Act.REPEAT:
                self._switches.repeat()
            case Act.TOGGLE_MUTE:
                self._switches.mute(not self._muted())
            case Act.SET_UP:
                self._switches.set_up(True)
            case Act.SET_UP_OVER:
                self._switches.set_up(False)
            case Act.STUCK:
                self._fault(self._part, self._stuck_why())
            case Act.CURED:
                self._fault(self._part, "")
            case _:
                assert_never(act)

    def _stuck_why(self) -> str:
        return (
            f"The {self._part} has been down for {self._state.stuck_s:g} s: it is stuck, or something lies "
            "on it. Let it come up again."
        )
