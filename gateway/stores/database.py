"""One SQLite file that several processes share; every call is a transaction, in a thread of its own."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from gateway.stores.ports import StoreError

T = TypeVar("T")

BUSY_S = 5.0
"""How long another process's transaction is waited for; each takes a few milliseconds."""
BUSY_AGAIN_S = 0.02
WIPE_BUSY_S = 1.0
"""The same for emptying the log, while which nothing else can be done."""

MIGRATIONS = (
    """
    CREATE TABLE devices (
        id TEXT PRIMARY KEY, public_key TEXT NOT NULL, name TEXT NOT NULL, agent TEXT NOT NULL DEFAULT '',
        revoked INTEGER NOT NULL DEFAULT 0, added_at REAL NOT NULL, seen_at REAL,
        connection_id TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE TABLE sessions (
        id TEXT PRIMARY KEY, device_id TEXT NOT NULL, began_at REAL NOT NULL, used_at REAL NOT NULL
    ) STRICT;
    CREATE INDEX sessions_of_device ON sessions (device_id, used_at);
    CREATE TABLE turns (
        kept INTEGER PRIMARY KEY AUTOINCREMENT,
        session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
        turn_id INTEGER NOT NULL, asked_at REAL NOT NULL, question TEXT NOT NULL,
        said TEXT, cut_off INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX turns_of_session ON turns (session_id, turn_id);
    CREATE TABLE reports (
        device_id TEXT NOT NULL, id TEXT NOT NULL, op TEXT NOT NULL, seq INTEGER NOT NULL, ts TEXT NOT NULL,
        offline INTEGER NOT NULL, body TEXT NOT NULL, received_at REAL NOT NULL,
        PRIMARY KEY (device_id, id)
    ) STRICT;
    CREATE TABLE uses (
        device_id TEXT NOT NULL, what TEXT NOT NULL, minute INTEGER NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY (device_id, what)
    ) STRICT;
    """,
    """
    ALTER TABLE reports ADD COLUMN hash TEXT NOT NULL DEFAULT '';
    ALTER TABLE reports ADD COLUMN question_id TEXT NOT NULL DEFAULT '';
    CREATE INDEX reports_of_question ON reports (device_id, question_id) WHERE question_id != '';
    CREATE TABLE alerts (
        number INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, report_id TEXT NOT NULL,
        category TEXT NOT NULL, at_utc TEXT NOT NULL, received_at REAL NOT NULL, seen_at REAL,
        FOREIGN KEY (device_id, report_id) REFERENCES reports (device_id, id) ON DELETE CASCADE
    ) STRICT;
    CREATE INDEX alerts_of_report ON alerts (device_id, report_id);
    CREATE TABLE questions (
        number INTEGER PRIMARY KEY AUTOINCREMENT, device_id TEXT NOT NULL, question_id TEXT NOT NULL,
        asker TEXT NOT NULL, text TEXT NOT NULL, asked_at REAL NOT NULL, expires_at REAL NOT NULL,
        due_at REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0, answer TEXT,
        UNIQUE (device_id, question_id)
    ) STRICT;
    CREATE INDEX questions_due ON questions (due_at) WHERE answer IS NULL;
    CREATE INDEX answers_of_device ON questions (device_id) WHERE answer IS NOT NULL;
    CREATE INDEX questions_expire ON questions (expires_at);
    CREATE TABLE tombstones (
        device_id TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL, at REAL NOT NULL,
        PRIMARY KEY (device_id, kind, id)
    ) STRICT;
    CREATE INDEX tombstones_by_age ON tombstones (at);
    """,
)
"""Each is applied once, in this order, together with its number (`user_version`)."""


class Database:
    """A file, opened by `open`; at most one statement of this process runs at a time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")
        self._connection: sqlite3.Connection | None = None
        self.log_to_wipe = False
        """Something was removed, and the log may still hold it."""

    async def open(self) -> None:
        """Make the file (0600) or bring it up to date. Raises StoreError."""
        await self._in_thread(self._connect)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Carry out `work` as one transaction. Raises StoreError. Cancelled, it may still be carried out."""
        return await self._in_thread(lambda: self._transact(work))

    async def keep(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """The same for what somebody relies on when this returns: a power cut does not undo it."""

        def durably() -> T:
            connection = self._open_connection()
            connection.execute("PRAGMA synchronous=FULL")
            try:
                return self._transact(work)
            finally:
                connection.execute("PRAGMA synchronous=NORMAL")

        return await self._in_thread(durably)

    async def wipe_log(self, wait_s: float = WIPE_BUSY_S) -> None:
        """Move everything out of the write-ahead log and empty it, so that nothing erased is left there.

        Raises StoreError where another process still works with it; `log_to_wipe` then stays.
        """
        self.log_to_wipe = True

        def wipe() -> None:
            connection = self._open_connection()
            connection.execute(f"PRAGMA busy_timeout={wait_s * 1000:.0f}")
            try:
                held_up = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                connection.execute(f"PRAGMA busy_timeout={BUSY_S * 1000:.0f}")
            if held_up:
                raise sqlite3.OperationalError("what is erased is still in its log; erase it again")
            self.log_to_wipe = False

        await self._in_thread(wipe)

    async def close(self) -> None:
        await self._in_thread(self._disconnect)
        self._thread.shutdown()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The gateway's database cannot be used: {error}.") from error

    def _connect(self) -> None:
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file.touch(mode=0o600)
        connection = sqlite3.connect(self._file, timeout=BUSY_S, isolation_level=None)
        connection.row_factory = sqlite3.Row
        _write_ahead(connection)
        for pragma in ("synchronous=NORMAL", "secure_delete=ON", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        self._connection = connection
        self._transact(_migrate)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise sqlite3.OperationalError("it is closed")
        return self._connection

    def _transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._open_connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise
        return result


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The file remembers it; whoever else opens it at its first time is waited for here, because no busy
    timeout of SQLite's holds while the mode changes.
    """
    give_up_s = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_s:
                raise
            time.sleep(BUSY_AGAIN_S)


def _migrate(connection: sqlite3.Connection) -> None:
    done = connection.execute("PRAGMA user_version").fetchone()[0]
    if done > len(MIGRATIONS):
        raise sqlite3.DatabaseError("it was made by a newer release")
    for number, migration in enumerate(MIGRATIONS[done:], done + 1):
        for statement in migration.split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
