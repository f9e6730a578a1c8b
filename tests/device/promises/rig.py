"""Promises on a disk, in virtual time."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from device.brain.packs import promise_phrases
from device.contracts import (
    Announcement,
    Outcome,
    Promised,
)
from device.promises.promises import PromiseClocks, Promises
from device.record import Kind, TurnRecord
from tests.device.promises.promised import DirectDisk, FakeOutbox
from tests.virtual_time import run

T = TypeVar("T")
HOUR_S = 3600.0
BORN_S = 1.8e9
"""The device's age and the wall clock when a test begins."""


@dataclass
class Rig:
    """Promises on a disk, in virtual time."""

    state: Path
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    announced: list[Announcement] = field(default_factory=list)
    wall_s: float = BORN_S

    def begin(self) -> None:
        """As after a start: new objects on the same files."""
        loop = asyncio.get_running_loop()
        self.disk = DirectDisk(self.state)
        self.promises = Promises(
            self.disk,
            self.outbox,
            self.announced.append,
            itertools.count(7),
            promise_phrases("en"),
            keep_s=HOUR_S,
            clocks=PromiseClocks(lambda: BORN_S + loop.time(), loop.time, lambda: self.wall_s),
        )

    def play(self, story: Callable[[Rig], Awaitable[T]]) -> T:
        async def whole() -> T:
            self.begin()
            running = asyncio.create_task(self.promises.run())
            await asyncio.sleep(0.1)
            try:
                return await story(self)
            finally:
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running

        return run(whole())

    async def ask(self, question: str) -> str:
        """A promise; its id as System 2 knows it."""
        assert await self.promises.promise(question, "en") is Promised.KEPT
        *_, item = self.outbox.questions()
        return str(item.body["question_id"])

    async def answer(self, question_id: str, text: str = "The reds won.") -> str:
        return await self.promises.answered({"question_id": question_id, "text": text})

    def person(self, kind: Kind = Kind.SPOKEN, **noted: object) -> None:
        """A turn with a person ended."""
        record = TurnRecord(1, kind, lambda: 0.0, "")
        for name, value in noted.items():
            setattr(record, name, value)
        self.promises.turn_ended(record)

    def over(self, outcome: Outcome) -> None:
        self.promises.over(self.announced[-1].announcement_id, outcome)

    def on_disk(self, words: str) -> bool:
        return any(words.encode() in file.read_bytes() for file in self.state.iterdir())


async def settled() -> None:
    await asyncio.sleep(0.1)
