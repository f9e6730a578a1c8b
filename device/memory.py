"""The conversation across restarts: kept on disk while `consent.transcripts` allows it, erased when not."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cache.database import erase_database
from cache.memory import MemoryStore
from device.contracts import Line, Who
from device.conversation import LINES_KEPT, Conversation
from device.errors import StageError
from device.jobs import StopFlag
from device.store_worker import StoreWorker

log = logging.getLogger(__name__)

FILE = "memory.db"
DISK_S = 5.0
"""How long a start or an end waits for the disk."""


@contextlib.asynccontextmanager
async def remembered(state: Path, *, allowed: bool) -> AsyncIterator[Conversation]:
    """The conversation, going on where it ended last; what is added is kept when this closes, at the latest.

    Without consent nothing is kept, and what was kept before is erased. A disk that does not let itself
    be written costs the memory, never the conversation.
    """
    file = state / FILE
    if not allowed:
        _erase(file)
        yield Conversation()
        return
    keeper = _Keeper(file)
    try:
        yield Conversation(await keeper.recall(), keeper.keep)
    finally:
        await keeper.close()


class _Keeper:
    """One writer thread. Nothing that it does can fail a turn."""

    def __init__(self, file: Path) -> None:
        self._worker = StoreWorker("memory", file, MemoryStore)

    async def recall(self) -> tuple[Line, ...]:
        try:
            lines = await self._worker.run(lambda store, stop: store.last(LINES_KEPT), DISK_S)
        except (OSError, sqlite3.Error, StageError) as error:
            _tell("what was said before cannot be read", error)
            return ()
        return tuple(Line(Who(who), text) for who, text in lines)

    def keep(self, lines: Sequence[Line]) -> None:
        """Returns at once; the lines are written after those before them."""
        said_utc = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [(line.who.value, line.text) for line in lines]

        def write(store: MemoryStore, stop: StopFlag) -> None:
            store.add(said_utc, rows)

        try:
            self._worker.submit(write).on_error(lambda error: _tell("what was said cannot be kept", error))
        except StageError as error:
            _tell("what was said cannot be kept", error)

    async def close(self) -> None:
        """What was given to keep is on disk, or the disk has had its time."""
        with contextlib.suppress(OSError, sqlite3.Error, StageError):  # told when they happened
            await self._worker.run(lambda store, stop: store.close(), DISK_S)
        await self._worker.close()


def _erase(file: Path) -> None:
    try:
        erase_database(file)
    except OSError as error:
        _tell("what was kept while consent.transcripts was true cannot be erased", error)


def _tell(what: str, error: BaseException) -> None:
    log.error("memory: %s: %s", what, error)
