"""Every store of the product, for tests of what they have in common: each keeps numbers, in its own way."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cache.memory import MemoryRow, MemoryStore
from cache.outbox import Bounds, Fresh, OutboxStore
from cache.promises import PromiseRow, PromiseStore
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, Wording
from cache.timers import TimerRow, TimerStore

UTC = "2026-01-01T00:00:00+00:00"
WORDS = "word " * 20


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of store."""

    opened: Callable[[Path], Any]
    add: Callable[[Any, int], object]
    """Keeps a number."""
    query: str
    """Selects the numbers that are kept."""
    forces: bool = True
    """What was added survives a power cut (`synchronous` FULL)."""

    def numbers(self, file: Path) -> set[int]:
        """What is in a file that no store has open."""
        with closing(sqlite3.connect(file)) as database:
            return {int(number) for (number,) in database.execute(self.query)}


def _add_timer(store: TimerStore, number: int) -> None:
    store.replace([*store.all(), TimerRow(number, "timer", WORDS, 60, "", 0.0, rang=False)])


def _add_lines(store: MemoryStore, number: int) -> None:
    store.add(UTC, [MemoryRow("person", str(number), 0.0, 0.0), MemoryRow("device", WORDS, 0.0, 0.0)])


def _add_item(store: OutboxStore, number: int) -> None:
    body = WORDS.encode()
    fresh = Fresh("record", 3, "", body, "", float(number), math.inf, UTC, "", 0.0, True, False)
    assert store.put(fresh) is not None, "there is room for all"


def _add_promise(store: PromiseStore, number: int) -> None:
    store.put(PromiseRow(str(number), WORDS, "en", 0.0, 1.0))


def _add_reply(store: ReplyStore, number: int) -> None:
    store.put(NewReply("en", (Wording(WORDS, str(number), (f"t{number}",)),), WORDS, "pack", "safe"), 0.0)


STORES = {
    "memory": Kind(MemoryStore, _add_lines, "SELECT text FROM lines WHERE who = 'person'"),
    "outbox": Kind(
        lambda file: OutboxStore(file, Bounds(10**6, 1 << 30, 1e9)), _add_item, "SELECT made_s FROM items"
    ),
    "promises": Kind(PromiseStore, _add_promise, "SELECT question_id FROM promises"),
    "replies": Kind(ReplyStore, _add_reply, "SELECT key FROM questions", forces=False),
    "timers": Kind(TimerStore, _add_timer, "SELECT id FROM timers"),
}
"""By the name of its module."""
