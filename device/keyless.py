"""System 2 for a device whose key cannot be used: it is never reached, and everybody is told why."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

from device.contracts import LinkHealth, Question, ReplyItem
from device.errors import NoSystem2
from device.link import native as n
from device.ports import Listening


class Keyless:
    """The `System2` port, and what else a link has. The device answers what it can by itself."""

    takes_reports = False

    def __init__(self, why: str, changed: Callable[[LinkHealth], None]) -> None:
        """`why`: a sentence for a person, what happened and what to do. `changed` is told it once."""
        self.health = LinkHealth(up=False, why=why)
        self._changed = changed

    def ask(self, question: Question) -> AsyncIterator[ReplyItem]:
        """Raises NoSystem2."""
        raise NoSystem2(self.health.why)

    def listen(self) -> Listening:
        """Raises NoSystem2."""
        raise NoSystem2(self.health.why)

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        """Nobody was asked, so nobody is told."""

    async def report(self, report: n.Report) -> n.Ack:
        """Raises NoSystem2."""
        raise NoSystem2(self.health.why)

    async def run(self) -> NoReturn:
        """Ends only by being cancelled: a key that is mended counts from the next start on."""
        self._changed(self.health)
        while True:
            await asyncio.Event().wait()
