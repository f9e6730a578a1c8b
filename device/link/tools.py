"""What System 2 may have done on this device: a short list, each with typed arguments and a budget.

Only a `tool` message asks for anything; text is spoken, never obeyed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from device.contracts import Gesture, Perform, SetVolume, StopEverything
from device.link import native as n
from device.link.allowance import Allowance

MOST_A_TURN = 8
MOST_AT_ONCE = 12
MOST_A_MINUTE = 20

Act: TypeAlias = Perform | SetVolume | StopEverything


class _Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a tool is given."""


class _Gesture(_Arguments, frozen=True):
    gesture: Gesture

    def act(self) -> Act:
        return Perform(self.gesture)


class _SetVolume(_Arguments, frozen=True):
    percent: Annotated[int, Meta(ge=0, le=100)] | None = None
    change: Annotated[int, Meta(ge=-100, le=100)] | None = None

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.change is None):
            raise ValueError("it takes either `percent` or `change`")

    def act(self) -> Act:
        return SetVolume(self.percent, self.change)


class _Stop(_Arguments, frozen=True):
    def act(self) -> Act:
        return StopEverything()


_TOOLS: Mapping[str, type[_Gesture] | type[_SetVolume] | type[_Stop]] = {
    "gesture": _Gesture,
    "set_volume": _SetVolume,
    "stop": _Stop,
}


class Toolbox:
    """Rules on every call; the budget is of all turns together, and of each."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._all = Allowance(MOST_AT_ONCE, MOST_A_MINUTE / 60)
        self._turn_id = -1
        self._in_turn = 0

    def called(self, call: n.ToolCall) -> tuple[Act | None, n.ToolResult]:
        """What is to be done, None for nothing, and the answer for System 2. To stop costs nothing."""
        tool = _TOOLS.get(call.name)
        if tool is None:
            return None, _result(call, f"This device has only the tools {', '.join(_TOOLS)}.")
        try:
            arguments = msgspec.convert(call.arguments, tool)
        except msgspec.ValidationError as error:
            return None, _result(call, f"The arguments cannot be used: {error}.")
        if tool is not _Stop and not self._afforded(call.turn_id):
            return None, _result(call, "That was too much at once: try again in the next turn.")
        return arguments.act(), _result(call)

    def _afforded(self, turn_id: int) -> bool:
        if turn_id != self._turn_id:
            self._turn_id, self._in_turn = turn_id, 0
        self._in_turn += 1
        return self._in_turn <= MOST_A_TURN and self._all.allows(self._clock())


def _result(call: n.ToolCall, refusal: str = "") -> n.ToolResult:
    return n.ToolResult(turn_id=call.turn_id, id=call.id, ok=not refusal, result=refusal[:400])
