"""What was said in a conversation, by whom and when, for as long as a person agrees to it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from cache.database import open_database

MIGRATIONS = (
    """
    CREATE TABLE lines (
        id INTEGER PRIMARY KEY,
        said_utc TEXT NOT NULL,
        who TEXT NOT NULL CHECK (who IN ('person', 'device')),
        text TEXT NOT NULL
    )
    """,
)


class MemoryStore:
    """The lines of all conversations, oldest first. Belongs to the one thread that made it."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._database: sqlite3.Connection = open_database(file, MIGRATIONS)

    def add(self, said_utc: str, lines: Iterable[tuple[str, str]]) -> None:
        """Keep lines of (who, text); on disk when this returns, all or none. Raises sqlite3.Error."""
        with self._database:
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO lines (said_utc, who, text) VALUES (?, ?, ?)",
                [(said_utc, who, text) for who, text in lines],
            )

    def last(self, count: int) -> list[tuple[str, str]]:
        """The last lines as (who, text), oldest first. Raises sqlite3.Error."""
        rows = self._database.execute("SELECT who, text FROM lines ORDER BY id DESC LIMIT ?", (count,))
        return [(str(who), str(text)) for who, text in rows][::-1]

    def close(self) -> None:
        self._database.close()
