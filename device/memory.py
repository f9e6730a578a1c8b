"""The conversation across restarts: kept on disk while `consent.transcripts` allows it, erased when not."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cache.database import erase_database
from cache.memory import MemoryRow, MemoryStore
from device.contracts import Line, Who
from device.conversation import LINES_KEPT, Conversation, Said
from device.errors import StageError
from device.jobs import StopFlag
from device.store_worker import StoreWorker

log = logging.getLogger(__name__)

FILE = "memory.db"
PART = "the memory"
"""Among the faults."""
UNKEPT = "What is said cannot be kept on disk, and is forgotten at the next start. The log says why."
DISK_S = 5.0
"""How long a start or an end waits for the disk."""
ERASE_S = 15.0
"""An erasure may wait for somebody who reads (`cache.database.BUSY_S`), twice."""


@contextlib.asynccontextmanager
async def remembered(
    state: Path,
    *,
    allowed: bool,
    lived: Callable[[], float] = time.time,
    fault: Callable[[str, str], None] = lambda part, why: None,
) -> AsyncIterator[Conversation]:
    """The conversation, going on where it ended last; what is added is kept when this closes, at the latest.

    Without consent nothing is kept, and what was kept before is erased. A disk that does not let itself
    be written costs the memory, never the conversation, and is told as a fault until it can be written again.
    `lived` gives lived seconds.
    """
    file = state / FILE
    if not allowed:
        _erase(file)
        yield Conversation((), _Unkept(file), lived)
        return
    keeper = _Keeper(file, fault)
    try:
        yield Conversation(await keeper.recall(), keeper, lived)
    finally:
        await keeper.close()


class _Unkept:
    """Nobody has agreed: nothing is kept, and what an erasure at the start left goes with the next one."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keep(self, said: Sequence[Said]) -> None:
        pass

    async def forget(self, since_s: float | None) -> int:
        erase_database(self._file)
        return 0

    async def forget_before(self, before_s: float) -> int:
        return await self.forget(None)


class _Keeper:
    """One writer thread. Nothing that it does can fail a turn."""

    def __init__(self, file: Path, fault: Callable[[str, str], None]) -> None:
        self._worker = StoreWorker("memory", file, MemoryStore)
        self._fault = fault
        self._working = True

    async def recall(self) -> tuple[Said, ...]:
        try:
            rows = await self._worker.run(lambda store, stop: store.last(LINES_KEPT), DISK_S)
        except (OSError, sqlite3.Error, StageError) as error:
            _tell("what was said before cannot be read", error)
            self._note(working=False)
            return ()
        return tuple(Said(Line(Who(row.who), row.text), row.began_s, row.ended_s) for row in rows)

    def keep(self, said: Sequence[Said]) -> None:
        """Returns at once; the lines are written after those before them."""
        said_utc = datetime.now(UTC).isoformat(timespec="seconds")
        rows = [MemoryRow(each.line.who.value, each.line.text, each.began_s, each.ended_s) for each in said]

        def write(store: MemoryStore, stop: StopFlag) -> None:
            store.add(said_utc, rows)

        errors: list[BaseException] = []
        try:
            job = self._worker.submit(write)
        except StageError as error:
            self._written(error)
            return
        job.on_error(errors.append)
        job.when_ended(lambda: self._written(errors[0] if errors else None))

    async def forget(self, since_s: float | None) -> int:
        return await self._worker.run(lambda store, stop: store.forget(since_s), ERASE_S)

    async def forget_before(self, before_s: float) -> int:
        return await self._worker.run(lambda store, stop: store.forget_before(before_s), ERASE_S)

    def _written(self, error: BaseException | None) -> None:
        if error is not None:
            _tell("what was said cannot be kept", error)
        self._note(working=error is None)

    def _note(self, *, working: bool) -> None:
        if working is not self._working:
            self._working = working
            self._fault(PART, "" if working else UNKEPT)

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
