"""A store that goes on with a new file when the one in use turns out to be damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from cache.database import is_damage, set_aside_if_damaged


class Closable(Protocol):
    def close(self) -> None: ...


StoreT = TypeVar("StoreT", bound=Closable)
ResultT = TypeVar("ResultT")


class Reopening(Generic[StoreT]):
    """Opened when it is first used, and again after damage. Belongs to the one thread that uses it."""

    def __init__(self, file: Path, make: Callable[[Path], StoreT]) -> None:
        """`make` opens the store by `open_database`. Nothing is opened yet."""
        self._file = file
        self._make = make
        self._store: StoreT | None = None

    def use(self, call: Callable[[StoreT], ResultT]) -> ResultT:
        """What `call` returns. Raises what it or opening the store raises, OSError or sqlite3.Error.

        Where SQLite calls the file damaged, this call fails, and the next one finds a store that works: the
        same file if a full check finds it sound after all, else a new one. A disk that fails changes nothing.
        """
        if self._store is None:
            self._store = self._make(self._file)
        try:
            return call(self._store)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                self.close()
                set_aside_if_damaged(self._file)
            raise

    def close(self) -> None:
        """Idempotent; the next use opens it again. Raises sqlite3.Error."""
        store, self._store = self._store, None
        if store is not None:
            store.close()
