"""What a person sees when the agent has started: one screen, 80 by 24, and no more."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 80, 24


class PartState(enum.Enum):
    """Whether a part of the device is there."""

    REAL = "real"
    SIMULATED = "simulated"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Part:
    """One stage or organ of the device, and who serves it."""

    name: str
    state: PartState
    served_by: str
    hint: str = ""
    """What would make it real, or better: a command where there is one."""


def render(parts: Sequence[Part], addresses: Sequence[str]) -> str:
    """The start screen: every part, where to talk, and what would make the simulated parts real.

    `addresses`: the lines that say where the page is, as the panel gives them.

    Never wider than 80 columns nor higher than 24 lines: what does not fit is cut and says so.
    """
    talking = _where_to_talk(addresses)
    room = HEIGHT - 1 - len(talking) - 3  # a line is left for the prompt; a title and two empty lines
    body = _parts(parts, room)
    lines = ["twominds is ready: ✓ real, ~ simulated, ✗ absent", "", *body, "", *talking]
    return "\n".join(_cut(line) for line in lines)


def _parts(parts: Sequence[Part], room: int) -> list[str]:
    """A line for each part and, as far as there is room, one for what would make it real."""
    marks = {PartState.REAL: "✓", PartState.SIMULATED: "~", PartState.ABSENT: "✗"}
    if len(parts) > room:
        hidden = f"   and {len(parts) - room + 1} more: twominds doctor"
        return [*_parts(parts[: room - 1], room - 1), hidden]
    width = max((len(part.name) for part in parts), default=0)
    spare = room - len(parts)
    lines: list[str] = []
    for part in parts:
        lines.append(f" {marks[part.state]} {part.name:<{width}}  {part.served_by}")
        if part.hint and spare > 0:
            lines.append(f"   {'':<{width}}  → {part.hint}")
            spare -= 1
    return lines


def _where_to_talk(addresses: Sequence[str]) -> list[str]:
    page = [f"{label:<7}{line}" for label, line in zip(("Talk:", *[""] * 8), addresses, strict=False)]
    return [
        *page,
        'Type:  .venv/bin/twominds ask "what time is it"',
        "Stop:  Ctrl-C      Check this machine:  .venv/bin/twominds doctor",
    ]


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
