"""A store that is opened anew after it failed; with a new file where the one in use turns out damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from cache.database import DAMAGED, is_damage, set_aside_if_damaged

_AS_GOOD_AS_BEFORE: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CONSTRAINT)
"""After any other error the database is opened anew, and looked through as at a start."""


class Closable(Protocol):
    def close(self) -> None: ...


StoreT = TypeVar("StoreT", bound=Closable)
ResultT = TypeVar("ResultT")


class Reopening(Generic[StoreT]):
    """Opened when it is first used, and again after it failed. Belongs to the one thread that uses it.

    It must be the only one that has the file open: what is renamed under somebody's hands loses its log.
    """

    def __init__(self, file: Path, make: Callable[[], StoreT]) -> None:
        """`make` opens the store by `open_database`. Nothing is opened yet."""
        self._file = file
        self._make = make
        self._store: StoreT | None = None
        self._set_aside_before = self._set_aside_at()

    def use(self, call: Callable[[StoreT], ResultT], lost: Callable[[], object] = lambda: None) -> ResultT:
        """What `call` returns. Raises what it or opening the store raises, OSError or sqlite3.Error.

        Where SQLite calls the file damaged, this call fails, and the next one finds a store that works: the
        same file if a full check finds it sound after all, else a new one; then, or where that came out at
        the opening, `lost` is called first. A disk that fails changes nothing.
        """
        if self._store is None:
            self._store = self._make()
            before, self._set_aside_before = self._set_aside_before, self._set_aside_at()
            if before != self._set_aside_before:
                lost()
        try:
            return call(self._store)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _AS_GOOD_AS_BEFORE:
                self.close()
            if is_damage(error):
                set_aside_if_damaged(self._file)
            raise

    def close(self) -> None:
        """Idempotent; the next use opens it again. Raises sqlite3.Error."""
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _set_aside_at(self) -> int | None:
        """When a damaged file was set aside, ns; None if none was."""
        try:
            return self._file.with_name(self._file.name + DAMAGED).stat().st_ctime_ns
        except OSError:
            return None
