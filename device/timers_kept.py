"""The timers on disk: one writer thread, and nothing that it does can hold up a ring."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cache.database import DAMAGED
from cache.reading import read_timers
from cache.timers import TimerRow, TimerStore
from device.errors import StageError
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)

FILE = "timers.db"
DISK_S = 5.0
"""How long a start or an end waits for the disk."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What was on disk."""

    rows: Sequence[TimerRow]
    lost: bool
    """The file was damaged and a new one was begun, so what was in it is gone."""


class KeptTimers:
    """Reads once, then writes."""

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._worker = Worker("timers", lambda: _open(self._file))
        self.working = True
        """The last attempt went well."""

    async def recall(self) -> Recalled | None:
        """What was kept; None when the disk cannot be read (now).

        One that can only be read is enough: what it holds is to ring, and `working` tells of the rest.
        """
        try:
            recalled = await self._worker.run(_read, DISK_S)
        except (OSError, sqlite3.Error, StageError) as error:
            self._note(error)
            return await self._only_read()
        self._note(None)
        return recalled

    async def _only_read(self) -> Recalled | None:
        reader = Worker("timers, only read", lambda: self._file)
        try:
            rows = await reader.run(lambda file, stop: read_timers(file), DISK_S)
        except (OSError, sqlite3.Error, StageError):  # told: it cannot be written either
            return None
        finally:
            await reader.close()
        return Recalled(rows, lost=False)

    def keep(self, rows: list[TimerRow]) -> None:
        """Write these instead of what is there; returns at once."""

        def write(kept: _Kept, stop: StopFlag) -> None:
            kept.store.replace(rows)

        errors: list[BaseException] = []
        try:
            job = self._worker.submit(write)
        except StageError as error:
            self._note(error)
            return
        job.on_error(errors.append)
        job.when_ended(lambda: self._note(errors[0] if errors else None))

    async def close(self) -> None:
        """What was given to keep is on disk, or the disk has had its time."""
        with contextlib.suppress(OSError, sqlite3.Error, StageError):  # told when they happened
            await self._worker.run(lambda kept, stop: kept.store.close(), DISK_S)
        await self._worker.close()

    def _note(self, error: BaseException | None) -> None:
        before, self.working = self.working, error is None
        if before and error is not None:
            log.error("timers: they cannot be kept on disk: %s", error)
        elif self.working and not before:
            log.info("timers: they are kept on disk again")


@dataclass(frozen=True, slots=True)
class _Kept:
    store: TimerStore
    lost: bool


def _read(kept: _Kept, stop: StopFlag) -> Recalled:
    return Recalled(kept.store.all(), kept.lost)


def _open(file: Path) -> _Kept:
    """In the writer's thread. Raises OSError or sqlite3.Error."""
    before = _set_aside_at(file)
    store = TimerStore(file)
    return _Kept(store, _set_aside_at(file) != before)


def _set_aside_at(file: Path) -> int | None:
    """When a damaged file was set aside, ns; None if none was."""
    try:
        return file.with_name(file.name + DAMAGED).stat().st_ctime_ns
    except OSError:
        return None
