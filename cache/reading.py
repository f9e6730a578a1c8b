"""Reading a database on a disk that takes nothing more: full, read-only, or worn."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from cache.timers import TimerRow, all_timers

_AFTER_A_CRASH = "mode=ro&readonly_shm=1"
"""With its write-ahead log, by the index that lies beside it."""
_AFTER_AN_END = "mode=ro&immutable=1"
"""Closed well it has neither, and SQLite would want to make them."""


def read_timers(file: Path) -> list[TimerRow]:
    """As `TimerStore.all`. Raises sqlite3.Error."""
    with contextlib.closing(open_to_read(file)) as database:
        return all_timers(database)


def open_to_read(file: Path) -> sqlite3.Connection:
    """The database as it was committed last; nothing is written. Raises sqlite3.Error: also where damaged."""
    try:
        return _opened(file, _AFTER_A_CRASH)
    except sqlite3.OperationalError:
        return _opened(file, _AFTER_AN_END)


def _opened(file: Path, how: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)
    try:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        connection.close()
        raise
    return connection
