"""A store in a thread of its own, on a disk that may fail, fill up, hang, and come back."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar

from cache.database import DAMAGED
from device.errors import OutboxError, StageError, StageTimeout
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)

DISK_S: Final = 3.0
"""How long somebody waits for the disk; an SD card that is busy answers within a second."""
_AS_GOOD_AS_BEFORE: Final = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY)
"""After any other error the database is opened anew, and looked through as at a start."""


class HungDisk(OutboxError):
    """Nobody knows whether what was to be written is written, or will be."""

    code = "outbox_hung"


class Store(Protocol):
    def close(self) -> None: ...


StoreT = TypeVar("StoreT", bound=Store)
ResultT = TypeVar("ResultT")


class KeptDatabase(Generic[StoreT]):
    """Opened when it is first wanted, and again after it failed."""

    def __init__(self, name: str, file: Path, make: Callable[[], StoreT], lost: Callable[[], None]) -> None:
        """`lost` is called in the event loop: it was damaged and set aside, and another one was begun."""
        self._name = name
        self._lost = lost
        self._worker = Worker(name, lambda: _Opened(file, make))
        self.working = True
        """The last thing that was wanted of it went well."""

    async def run(self, call: Callable[[StoreT], ResultT], deadline_s: float = DISK_S) -> ResultT:
        """What `call(store)` returns, in the store's thread. Raises OutboxError."""
        loop = asyncio.get_running_loop()

        def work(opened: _Opened[StoreT], stop: StopFlag) -> ResultT:
            return opened.do(call, lambda: loop.call_soon_threadsafe(self._lost))

        try:
            result = await self._worker.run(work, deadline_s)
        except (OSError, sqlite3.Error, StageError) as error:
            self._note(error)
            kind = HungDisk if isinstance(error, StageTimeout) else OutboxError
            raise kind(f"The {self._name} cannot be kept on disk: {error}") from error
        self._note(None)
        return result

    async def close(self) -> None:
        """After what was asked for; or the disk has had its time."""
        try:
            await self._worker.run(lambda opened, stop: opened.close(), DISK_S)
        except (OSError, sqlite3.Error, StageError) as error:
            self._note(error)
        await self._worker.close()

    def _note(self, error: BaseException | None) -> None:
        before, self.working = self.working, error is None
        if before and error is not None:
            log.error("%s: it cannot be kept on disk: %s", self._name, error)
        elif self.working and not before:
            log.info("%s: it is kept on disk again", self._name)


class _Opened(Generic[StoreT]):
    """In the store's thread."""

    def __init__(self, file: Path, make: Callable[[], StoreT]) -> None:
        self._file = file
        self._make = make
        self._store: StoreT | None = None
        self._aside_at = self._set_aside_at()

    def do(self, call: Callable[[StoreT], ResultT], lost: Callable[[], object]) -> ResultT:
        """Raises OSError or sqlite3.Error."""
        if self._store is None:
            self._store = self._make()
            before, self._aside_at = self._aside_at, self._set_aside_at()
            if self._aside_at != before:
                lost()
        try:
            return call(self._store)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _AS_GOOD_AS_BEFORE:
                self.close()
            raise

    def close(self) -> None:
        """Raises sqlite3.Error."""
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _set_aside_at(self) -> int | None:
        """When a damaged file was set aside, ns; None if none was."""
        try:
            return self._file.with_name(self._file.name + DAMAGED).stat().st_ctime_ns
        except OSError:
            return None
