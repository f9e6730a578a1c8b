"""What a mind is asked, and what it may do."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from device.contracts import Line


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question with everything that belongs to it."""

    system: str
    """Who it is, whom it talks to, and how."""
    history: tuple[Line, ...]
    text: str
    already_said: str = ""
    """What the device has said in answer to this question; the answer goes on from there."""


class Tools(Protocol):
    """What the device can be asked to do during this answer."""

    @property
    def offered(self) -> bool:
        """Tools may be called now; False: the device has none, or the budget is spent."""
        ...

    async def call(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Have it carried out; what became of it, in words for the mind. Bounded; never raises StageError."""
        ...


class Mind(Protocol):
    """Answers."""

    @property
    def name(self) -> str: ...

    def answer(self, prompt: Prompt, tools: Tools) -> AsyncGenerator[str, None]:
        """The answer in pieces. Raises MindError. Closing it stops the mind within one token."""
        ...

    async def close(self) -> None: ...
