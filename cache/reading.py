"""Reading a database without writing: on a disk that takes nothing more, and beside whoever uses it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from cache.timers import TimerRow, all_timers

_AFTER_A_CRASH = "mode=ro&readonly_shm=1"
"""With its write-ahead log, by the index that lies beside it."""
_AFTER_AN_END = "mode=ro&immutable=1"
"""Closed well it has neither; made by somebody else, they would lock out whoever uses the database."""


def read_timers(file: Path) -> list[TimerRow]:
    """As `TimerStore.all`. Raises sqlite3.Error."""
    with contextlib.closing(open_to_read(file)) as database:
        return all_timers(database)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is in an outbox."""

    by_kind: dict[str, int]
    """What waits."""
    oldest_s: float | None
    """When the first of it came, in lived seconds; None: nothing waits."""
    dead: int
    given_up: int
    """Since the database was begun."""


def count_lines(file: Path) -> int:
    """Lines of a kept conversation. Raises sqlite3.Error, as all here."""
    with contextlib.closing(open_to_read(file)) as database:
        return int(database.execute("SELECT count(*) FROM lines").fetchone()[0])


def count_replies(file: Path) -> dict[str, int]:
    """By source. The file may be large, and is not read through."""
    with contextlib.closing(open_to_read(file, whole=False)) as database:
        return dict(database.execute("SELECT source, count(*) FROM replies GROUP BY source"))


def count_promises(file: Path) -> tuple[int, int]:
    """Questions that have no answer yet, and those whose answer was not told yet."""
    with contextlib.closing(open_to_read(file)) as database:
        asked, answered = database.execute(
            "SELECT count(*), count(nullif(answer, '')) FROM promises"
        ).fetchone()
    return asked - answered, answered


def look_at_outbox(file: Path) -> Waiting:
    with contextlib.closing(open_to_read(file)) as database:
        by_kind = dict(database.execute("SELECT kind, count(*) FROM items WHERE dead = '' GROUP BY kind"))
        (oldest_s,) = database.execute("SELECT min(made_s) FROM items WHERE dead = ''").fetchone()
        (dead,) = database.execute("SELECT count(*) FROM items WHERE dead <> ''").fetchone()
        (given_up,) = database.execute("SELECT coalesce(sum(count), 0) FROM dropped").fetchone()
    return Waiting(by_kind, oldest_s, dead, given_up)


def open_to_read(file: Path, *, whole: bool = True) -> sqlite3.Connection:
    """The database as it was committed last; nothing is written. Raises sqlite3.Error: also where damaged.

    Without `whole` it is not read through for damage.
    """
    if not file.with_name(f"{file.name}-wal").exists():  # SQLite would make one
        return _opened(file, _AFTER_AN_END, whole)
    try:
        return _opened(file, _AFTER_A_CRASH, whole)
    except sqlite3.OperationalError:
        return _opened(file, _AFTER_AN_END, whole)


def _opened(file: Path, how: str, whole: bool) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{how}", uri=True)
    try:
        connection.execute("PRAGMA schema_version")  # reads something, so that it fails here if it does
        if whole and (verdict := connection.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(verdict)
    except BaseException:
        connection.close()
        raise
    return connection
