"""Tools of the device that a mind may call during one answer: few, with a budget and a time limit each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from device.contracts import Gesture
from device.link.native import ToolCall, ToolResult

LONGEST_ARGUMENT = 64
"""Characters."""


def _arguments(**properties: Any) -> dict[str, Any]:
    """A JSON schema: all of them, and nothing else."""
    required = [*properties]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


OFFERED: Mapping[str, Mapping[str, Any]] = {
    "gesture": {
        "description": "Let the robot make a gesture.",
        "parameters": _arguments(
            gesture={"type": "string", "enum": [gesture.value for gesture in Gesture]},
        ),
    },
    "set_volume": {
        "description": "Make the voice louder or quieter, by so many percent.",
        "parameters": _arguments(change={"type": "integer", "minimum": -100, "maximum": 100}),
    },
    "stop": {"description": "Be silent and still at once.", "parameters": _arguments()},
}
"""By name, as OpenAI's protocol describes them. A device refuses what it does not know itself."""


class DeviceTools:
    """The `Tools` of one turn."""

    def __init__(
        self, turn_id: int, send: Callable[[ToolCall], Awaitable[None]], budget: int, deadline_s: float
    ) -> None:
        self._turn_id = turn_id
        self._send = send
        self._left = budget
        self._deadline_s = deadline_s
        self._calls = 0
        self._waiting: dict[str, asyncio.Future[ToolResult]] = {}

    @property
    def offered(self) -> bool:
        return self._left > 0

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        if name not in OFFERED:
            return f"There is no tool {name}."
        if not _fit(name, arguments):
            return f"The arguments of {name} are not as described."
        if not self.offered:
            return "No more tools may be called in this answer."
        self._left -= 1
        self._calls += 1
        call = ToolCall(turn_id=self._turn_id, id=f"t{self._calls}", name=name, arguments=arguments)
        waiting = self._waiting[call.id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._deadline_s):
                await self._send(call)
                result = await waiting
        except TimeoutError:
            return "The device did not answer."
        finally:
            del self._waiting[call.id]
        return result.result or ("done" if result.ok else "it failed")

    def came(self, result: ToolResult) -> None:
        """What the device told; passed over when nobody waits for it."""
        waiting = self._waiting.get(result.id)
        if waiting is not None and not waiting.done():
            waiting.set_result(result)


def _fit(name: str, arguments: Mapping[str, Any]) -> bool:
    """The arguments that are described, each a word or a number. The device looks closer."""
    described = OFFERED[name]["parameters"]["properties"]
    return arguments.keys() == described.keys() and all(
        isinstance(value, str | int) and len(str(value)) <= LONGEST_ARGUMENT for value in arguments.values()
    )


class NoTools:
    """For whoever has no body."""

    offered = False

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        return f"There is no tool {name}."
