"""A store in a thread of its own, on a disk that may fail, fill up, hang, and come back."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, TypeVar

from cache.reopening import Closable, Reopening
from device.errors import OutboxError, StageError, StageTimeout
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)

DISK_S: Final = 3.0
"""How long somebody waits for the disk; an SD card that is busy answers within a second."""


class HungDisk(OutboxError):
    """Nobody knows whether what was to be written is written, or will be."""

    code = "outbox_hung"


StoreT = TypeVar("StoreT", bound=Closable)
ResultT = TypeVar("ResultT")


class KeptDatabase(Generic[StoreT]):
    """Opened when it is first wanted, and again after it failed."""

    def __init__(self, name: str, file: Path, make: Callable[[], StoreT], lost: Callable[[], None]) -> None:
        """`lost` is called in the event loop: it was damaged and set aside, and another one was begun."""
        self._name = name
        self._lost = lost
        self._worker = Worker(name, lambda: Reopening(file, make))
        self.working = True
        """The last thing that was wanted of it went well."""

    async def run(self, call: Callable[[StoreT], ResultT], deadline_s: float = DISK_S) -> ResultT:
        """What `call(store)` returns, in the store's thread. Raises OutboxError."""
        loop = asyncio.get_running_loop()

        def work(opened: Reopening[StoreT], stop: StopFlag) -> ResultT:
            return opened.use(call, lambda: loop.call_soon_threadsafe(self._lost))

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
