"""The lines of all conversations, and their end."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from cache.memory import MIGRATIONS, MemoryRow, MemoryStore

OLD, NEW = (
    MemoryRow("person", "an old giraffe", 90.0, 100.0),
    MemoryRow("device", "a new kettle", 190.0, 200.0),
)


def test_lines_come_back_in_order_with_their_times(tmp_path: Path) -> None:
    with contextlib.closing(MemoryStore(tmp_path / "memory.db")) as store:
        store.add("2026-03-03T15:05:00+00:00", [OLD, NEW])
        assert store.last(10) == [OLD, NEW]
        assert store.last(1) == [NEW]


def test_a_turn_is_forgotten_by_when_it_ended(tmp_path: Path) -> None:
    with contextlib.closing(MemoryStore(tmp_path / "memory.db")) as store:
        store.add("2026-03-03T15:05:00+00:00", [OLD, NEW])
        assert store.forget(200.1) == 0
        assert store.forget(195.0) == 1
        assert store.last(10) == [OLD]
        assert store.forget_before(100.0) == 0
        assert store.forget_before(100.1) == 1


def test_lines_of_an_older_release_get_their_time_from_their_date(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "memory.db")
    old.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1;")
    rows = [("2026-03-03T15:05:00+00:00", "person", "hello"), ("no date", "device", "hi")]
    old.executemany("INSERT INTO lines (said_utc, who, text) VALUES (?, ?, ?)", rows)
    old.commit()
    old.close()
    with contextlib.closing(MemoryStore(tmp_path / "memory.db")) as store:
        assert [row.ended_s for row in store.last(10)] == [1_772_550_300.0, 0.0]
        assert store.forget_before(1.0) == 1
