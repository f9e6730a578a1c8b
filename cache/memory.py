"""What was said in a conversation, by whom and when, for as long as a person agrees to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cache.database import empty_log, open_database

MIGRATIONS = (
    """
    CREATE TABLE lines (
        id INTEGER PRIMARY KEY,
        said_utc TEXT NOT NULL,
        who TEXT NOT NULL CHECK (who IN ('person', 'device')),
        text TEXT NOT NULL
    )
    """,
    # Lived seconds are close to Unix time, so older lines get theirs from their date.
    """
    ALTER TABLE lines ADD COLUMN began_s REAL NOT NULL DEFAULT 0;
    ALTER TABLE lines ADD COLUMN ended_s REAL NOT NULL DEFAULT 0;
    UPDATE lines SET began_s = coalesce(strftime('%s', said_utc), 0) + 0.0;
    UPDATE lines SET ended_s = began_s
    """,
)


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """A line, as it lies on disk."""

    who: str
    text: str
    began_s: float
    """When its turn began, and ended, in lived seconds."""
    ended_s: float


class MemoryStore:
    """The lines of all conversations, oldest first. Belongs to the one thread that made it."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._database: sqlite3.Connection = open_database(file, MIGRATIONS)

    def add(self, said_utc: str, lines: Iterable[MemoryRow]) -> None:
        """Keep lines; on disk when this returns, all or none. Raises sqlite3.Error."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO lines (said_utc, who, text, began_s, ended_s) VALUES (?, ?, ?, ?, ?)",
                [(said_utc, row.who, row.text, row.began_s, row.ended_s) for row in lines],
            )

    def last(self, count: int) -> list[MemoryRow]:
        """The last lines, oldest first. Raises sqlite3.Error."""
        rows = self._database.execute(
            "SELECT who, text, began_s, ended_s FROM lines ORDER BY id DESC LIMIT ?", (count,)
        )
        return [
            MemoryRow(str(who), str(text), float(began), float(ended)) for who, text, began, ended in rows
        ][::-1]

    def forget(self, since_s: float | None) -> int:
        """Erase for good the lines that ended since then, None: all; how many. Raises sqlite3.Error.

        When that is because somebody else reads, the lines are deleted, but still in the log: again, later.
        """
        return self._erase("? IS NULL OR ended_s >= ?", (since_s, since_s))

    def forget_before(self, before_s: float) -> int:
        """Likewise those that ended before."""
        return self._erase("ended_s < ?", (before_s,))

    def close(self) -> None:
        self._database.close()

    def _erase(self, which: str, given: tuple[float | None, ...]) -> int:
        gone = self._database.execute(f"DELETE FROM lines WHERE {which}", given).rowcount
        empty_log(self._database)
        return gone
