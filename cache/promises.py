"""Questions that are to be found out about, and the answers that were not told yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cache.database import empty_log, open_database

MIGRATIONS = (
    """
    CREATE TABLE promises (
        question_id TEXT PRIMARY KEY,
        question TEXT NOT NULL,
        language TEXT NOT NULL,
        made_s REAL NOT NULL,
        expires_s REAL NOT NULL,
        answer TEXT NOT NULL,
        shelved INTEGER NOT NULL CHECK (shelved IN (0, 1))
    )
    """,
)


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """One of them, as it lies on disk."""

    question_id: str
    question: str
    language: str
    made_s: float
    """Lived seconds."""
    expires_s: float
    answer: str = ""
    """"" until it was found out."""
    shelved: bool = False
    """A person did not want to hear the answer; it is told when it is asked for."""


class PromiseStore:
    """The promises of one device. Belongs to the one thread that made it."""

    def __init__(self, file: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._database: sqlite3.Connection = open_database(file, MIGRATIONS)

    def all(self) -> list[PromiseRow]:
        """Every promise, the oldest first. Raises sqlite3.Error."""
        rows = self._database.execute(
            "SELECT question_id, question, language, made_s, expires_s, answer, shelved"
            " FROM promises ORDER BY made_s, question_id"
        )
        return [
            PromiseRow(
                str(question_id),
                str(question),
                str(language),
                float(made_s),
                float(expires_s),
                str(answer),
                bool(shelved),
            )
            for question_id, question, language, made_s, expires_s, answer, shelved in rows
        ]

    def put(self, row: PromiseRow) -> None:
        """Keep it in place of what was kept under its id; on disk when this returns. Raises sqlite3.Error."""
        self._database.execute(
            "INSERT OR REPLACE INTO promises"
            " (question_id, question, language, made_s, expires_s, answer, shelved)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                row.question_id,
                row.question,
                row.language,
                row.made_s,
                row.expires_s,
                row.answer,
                row.shelved,
            ),
        )

    def erase(self, question_ids: Iterable[str]) -> None:
        """Nothing of them is left on disk when this returns, nor in its log. Raises sqlite3.Error."""
        self._database.executemany(
            "DELETE FROM promises WHERE question_id = ?", [(question_id,) for question_id in question_ids]
        )
        empty_log(self._database)

    def forget(self, since_s: float | None) -> int:
        """Erase what was promised since then (lived seconds; None: ever); how many. Raises sqlite3.Error."""
        ids = [row.question_id for row in self.all() if since_s is None or row.made_s >= since_s]
        self.erase(ids)
        return len(ids)

    def close(self) -> None:
        self._database.close()
