"""What tests of promises need: a disk without a thread of its own, and an outbox in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cache.promises import PromiseStore
from device.contracts import Outgoing, OutgoingKind, Sent
from device.errors import OutboxError
from device.promises.kept import FILE

T = TypeVar("T")


class DirectDisk:
    """The real store, used in the event loop itself: in virtual time no thread is waited for."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._store: PromiseStore | None = None
        self.fails = False

    async def do(self, work: Callable[[PromiseStore], T]) -> T:
        if self.fails:
            raise OutboxError("The disk is full.")
        self._store = self._store or PromiseStore(self._file)
        return work(self._store)

    async def close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


@dataclass
class FakeOutbox:
    """Keeps in memory what waits; `drain` sends it."""

    waiting: dict[str, Outgoing] = field(default_factory=dict)
    """By key."""
    sent: list[Outgoing] = field(default_factory=list)
    fails: bool = False

    async def put(self, item: Outgoing) -> None:
        if self.fails:
            raise OutboxError("The disk is full.")
        self.waiting[item.key or str(len(self.waiting))] = item

    def note(self, item: Outgoing) -> None:
        self.waiting[item.key] = item

    async def withdraw(self, key: str) -> bool:
        if self.fails:
            raise OutboxError("The disk is full.")
        return self.waiting.pop(key, None) is not None

    async def forget(self, since_s: float | None) -> tuple[Sent, ...]:
        self.waiting.clear()
        return ()

    def drain(self) -> list[Outgoing]:
        """What is sent now."""
        now = list(self.waiting.values())
        self.waiting.clear()
        self.sent += now
        return now

    def questions(self) -> list[Outgoing]:
        """Those that wait."""
        return [item for item in self.waiting.values() if item.kind is OutgoingKind.QUESTION]
