"""Timers, alarms and reminders that have not rung to their end."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from cache.database import open_database

MIGRATIONS = (
    """
    CREATE TABLE timers (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('timer', 'alarm', 'reminder')),
        label TEXT NOT NULL,
        length_s INTEGER NOT NULL,
        local TEXT NOT NULL,
        due_utc REAL NOT NULL,
        rang INTEGER NOT NULL CHECK (rang IN (0, 1)),
        CHECK ((length_s > 0) <> (local <> ''))
    )
    """,
)


@dataclass(frozen=True, slots=True)
class TimerRow:
    """One of them, as it lies on disk."""

    timer_id: int
    kind: str
    label: str
    length_s: int
    """Seconds that it was set for; 0 if it is for a time of day."""
    local: str
    """That time of day, ISO 8601 without a zone; "" if it was set for a length of time."""
    due_utc: float
    """Seconds since 1970 (UTC)."""
    rang: bool
    """It has begun to ring, and nobody has dismissed it yet."""


def all_timers(database: sqlite3.Connection) -> list[TimerRow]:
    """The next one first. Raises sqlite3.Error."""
    rows = database.execute(
        "SELECT id, kind, label, length_s, local, due_utc, rang FROM timers ORDER BY due_utc, id"
    )
    return [
        TimerRow(int(timer_id), str(kind), str(label), int(length_s), str(local), float(due), bool(rang))
        for timer_id, kind, label, length_s, local, due, rang in rows
    ]


class TimerStore:
    """The timers of one device. Belongs to the one thread that made it."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._database: sqlite3.Connection = open_database(file, MIGRATIONS)

    def all(self) -> list[TimerRow]:
        """Every timer, the next one first. Raises sqlite3.Error."""
        return all_timers(self._database)

    def replace(self, rows: list[TimerRow]) -> None:
        """Keep these and no others; on disk when this returns, all or none. Raises sqlite3.Error.

        They are few, and written whole they are never half of one state and half of another: a disk that
        failed for a while is up to date after the first write that it takes.
        """
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("DELETE FROM timers")
            self._database.executemany(
                "INSERT INTO timers (id, kind, label, length_s, local, due_utc, rang)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (row.timer_id, row.kind, row.label, row.length_s, row.local, row.due_utc, row.rang)
                    for row in rows
                ],
            )

    def close(self) -> None:
        self._database.close()
