"""Opening a database: schema brought up to date, erased rows really gone, a damaged file set aside."""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

BUSY_S = 5.0
DAMAGED = ".damaged"
LEAST_FREE_BYTES = 64 << 10
"""None is opened on a disk with less; the index of its log alone takes 32 kB (sqlite.org/walformat)."""
_COMPANIONS = ("", "-wal", "-shm", "-journal")


Synchronous = Literal["FULL", "NORMAL"]
"""FULL: what was committed survives a power cut. NORMAL: the last commits may not, the rest does."""


def open_database(
    file: Path,
    migrations: Sequence[str],
    synchronous: Synchronous = "FULL",
    *,
    check_up_to_bytes: int | None = None,
) -> sqlite3.Connection:
    """The database, in the newest of its schemas; made if it is not there, for its owner's eyes only.

    `migrations` are SQL scripts, oldest first; each is committed together with its number
    (`user_version`), so none runs twice or by halves. A file that is no sound database is renamed to
    `*.damaged` and a new one begun; one larger than `check_up_to_bytes` is not read through to find out.
    Rows that are deleted are overwritten (`secure_delete`).
    Raises OSError or sqlite3.Error when the disk does not allow it.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return _opened(file, migrations, synchronous, check_up_to_bytes)
    except sqlite3.DatabaseError as error:
        if not is_damage(error):  # locked, full, read-only, a migration that fails: not the file's fault
            raise
        _set_aside(file, error)
        return _opened(file, migrations, synchronous, check_up_to_bytes)


def is_damage(error: BaseException) -> bool:
    """SQLite says that the file is no sound database. On a disk that fails, it may say so of a sound one."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # its primary code: sqlite.org/rescode.html
    return isinstance(error, _DamagedError) or code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def set_aside_if_damaged(file: Path) -> None:
    """Read all of a database that nobody has open, its indexes too; rename it to `*.damaged` if it is.

    For what is found only when it is used. Raises OSError or sqlite3.Error when the disk cannot be read:
    then it stays where it is.
    """
    try:
        with closing(sqlite3.connect(file, timeout=BUSY_S)) as connection:
            _check(connection, "integrity_check")
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        _set_aside(file, error)


def empty_log(connection: sqlite3.Connection) -> None:
    """Move everything into the database and empty its write-ahead log, so that nothing erased is left there.

    Raises sqlite3.OperationalError where somebody else reads it for longer than `BUSY_S`.
    """
    (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise sqlite3.OperationalError("what was erased is still in its log: somebody reads it")


def erase_database(file: Path) -> None:
    """Remove it with all that belongs to it, the damaged copy too. Raises OSError."""
    for name in (file.name, file.name + DAMAGED):
        for companion in _COMPANIONS:
            file.with_name(name + companion).unlink(missing_ok=True)


def _opened(
    file: Path, migrations: Sequence[str], synchronous: Synchronous, check_up_to_bytes: int | None
) -> sqlite3.Connection:
    _room_or_error(file.parent)
    file.touch(mode=0o600)  # SQLite itself would make it for everybody to read
    connection = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None)
    try:
        for pragma in ("journal_mode = WAL", f"synchronous = {synchronous}", "secure_delete = ON"):
            connection.execute(f"PRAGMA {pragma}")
        if check_up_to_bytes is None or file.stat().st_size <= check_up_to_bytes:
            _check(connection, "quick_check")
        _migrate(connection, migrations)
    except BaseException:
        connection.close()
        raise
    return connection


def _room_or_error(folder: Path) -> None:
    """SQLite maps the log's index into memory: where its blocks cannot be had, that is a signal, no error.

    SIGBUS ends the process. Seen on ext4 with blocks of 1 kB, as file systems below 512 MB have them.
    A file system without blocks of its own tells none, and is trusted.
    """
    free = os.statvfs(folder)
    if free.f_blocks and free.f_bavail * free.f_frsize < LEAST_FREE_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


class _DamagedError(sqlite3.DatabaseError):
    """A check has found it."""


def _check(connection: sqlite3.Connection, how: Literal["quick_check", "integrity_check"]) -> None:
    (verdict,) = connection.execute(f"PRAGMA {how}(1)").fetchone()
    if verdict != "ok":
        raise _DamagedError(verdict)


def _migrate(connection: sqlite3.Connection, migrations: Sequence[str]) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise sqlite3.OperationalError(f"its schema {version} was made by a newer release")
    for number, script in enumerate(migrations[version:], start=version + 1):
        connection.executescript(f"BEGIN; {script}; PRAGMA user_version = {number}; COMMIT;")


def _set_aside(file: Path, error: sqlite3.DatabaseError) -> None:
    log.error("%s is damaged and was set aside as %s: %s", file.name, file.name + DAMAGED, error)
    for companion in _COMPANIONS:
        damaged = file.with_name(file.name + companion)
        if damaged.exists():
            damaged.replace(file.with_name(file.name + DAMAGED + companion))
