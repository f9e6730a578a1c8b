"""Minds that do as they are told, for tests of what joins them, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from device.brain.cascade import Attempt
from device.contracts import Mind, ReplyItem, Say


@dataclass
class Scripted:
    """Gives its items, one every `every_s`, the first after `first_s`; exceptions are raised."""

    mind: Mind
    items: Sequence[ReplyItem | Exception | str]
    first_s: float = 0.0
    every_s: float = 0.01
    words_s: float = 2.0
    closing_s: float = 0.0
    """How long its engine takes to stop."""
    breaks_closing: bool = False
    asked: int = 0
    given: int = 0
    """Items (tokens) that it was still made to give."""
    closed: int = 0

    @property
    def attempt(self) -> Attempt:
        return Attempt(self.mind, self._answer, self.words_s)

    async def _answer(self) -> AsyncIterator[ReplyItem]:
        self.asked += 1
        try:
            await asyncio.sleep(self.first_s)
            for item in self.items:
                await asyncio.sleep(self.every_s)
                if isinstance(item, Exception):
                    raise item
                self.given += 1
                yield Say(item) if isinstance(item, str) else item
        finally:
            self.closed += 1
            await asyncio.sleep(self.closing_s)
            if self.breaks_closing:
                raise RuntimeError("it broke while it was closed")


def words(items: Sequence[ReplyItem]) -> str:
    return "".join(item.text for item in items if isinstance(item, Say))
