"""What has left the device, when, and to whom: never its words."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

MOST_ROWS = 100_000
"""Some 8 MB; the oldest go first."""

SCHEMA = """
    CREATE TABLE sent (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        ref TEXT NOT NULL,
        peer TEXT NOT NULL,
        sent_utc TEXT NOT NULL,
        sent_s REAL NOT NULL,
        made_s REAL NOT NULL
    );
"""


@dataclass(frozen=True, slots=True)
class SentRow:
    """One thing that left, or may have: it was on its way when the link was lost."""

    kind: str
    ref: str
    peer: str
    sent_utc: str
    """ISO 8601."""
    sent_s: float
    """Lived seconds."""
    made_s: float
    """Lived seconds: when it came to be, which may be long before it was sent."""


def note_sent(database: sqlite3.Connection, row: SentRow) -> None:
    """Within whatever transaction is open. Raises sqlite3.Error."""
    database.execute(
        "INSERT INTO sent (kind, ref, peer, sent_utc, sent_s, made_s) VALUES (?, ?, ?, ?, ?, ?)",
        (row.kind, row.ref, row.peer, row.sent_utc, row.sent_s, row.made_s),
    )
    database.execute("DELETE FROM sent WHERE id <= last_insert_rowid() - ?", (MOST_ROWS,))


def sent_since(database: sqlite3.Connection, made_from_s: float) -> list[SentRow]:
    """What came to be from then on and was sent, in the order in which it was. Raises sqlite3.Error."""
    rows = database.execute(
        "SELECT kind, ref, peer, sent_utc, sent_s, made_s FROM sent WHERE made_s >= ? ORDER BY id",
        (made_from_s,),
    )
    return [SentRow(*row) for row in rows]


def drop_sent(database: sqlite3.Connection, before_s: float) -> None:
    """Nobody can ask back any more what was sent before then. Raises sqlite3.Error."""
    database.execute("DELETE FROM sent WHERE sent_s < ?", (before_s,))
