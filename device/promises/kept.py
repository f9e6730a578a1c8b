"""The promises on disk: one writer thread."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cache.promises import PromiseStore
from device.errors import OutboxError, StageError
from device.store_worker import StoreWorker

FILE = "promises.db"
DISK_S = 3.0
"""How long the disk is waited for; a person may be waiting, too."""

T = TypeVar("T")


class KeptPromises:
    """The store, for whoever lives in the event loop."""

    def __init__(self, state: Path) -> None:
        self._worker = StoreWorker("promises", state / FILE, PromiseStore)

    async def do(self, work: Callable[[PromiseStore], T]) -> T:
        """Have it done in the writer's thread, one after the other. Raises OutboxError. Cancel-safe."""
        try:
            return await self._worker.run(lambda store, stop: work(store), DISK_S)
        except (OSError, sqlite3.Error, StageError) as error:
            raise OutboxError(f"Questions cannot be kept on disk: {error}") from error

    async def close(self) -> None:
        """What was given to do is done, or the disk has had its time."""
        with contextlib.suppress(OutboxError):
            await self.do(lambda store: store.close())
        await self._worker.close()
