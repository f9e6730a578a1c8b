"""A kept database without a thread, so that virtual time passes around it; clocks that are set by hand."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cache.outbox import OutboxStore
from device.config import Settings
from device.errors import OutboxError
from device.kept_database import DISK_S, KeptDatabase
from device.moment import Clocks
from device.outbox.kept import KeptOutbox, Told

ResultT = TypeVar("ResultT")
NOON = 1_800_000_000.0
"""Some time in 2027."""


class InLoop(KeptDatabase[OutboxStore]):
    """Works at once, in the caller's thread; `broken` is what the disk fails with."""

    def __init__(
        self, name: str, file: Path, make: Callable[[], OutboxStore], lost: Callable[[], None]
    ) -> None:
        super().__init__(name, file, make, lost)
        self.store = make()
        self.broken = False
        self.runs = 0

    async def run(self, call: Callable[[OutboxStore], ResultT], deadline_s: float = DISK_S) -> ResultT:
        self.runs += 1
        if self.broken:
            raise OutboxError("The outbox cannot be kept on disk: broken") from sqlite3.OperationalError()
        return call(self.store)

    async def close(self) -> None:
        self.store.close()


class SetClocks:
    """Monotonic: the event loop's. The wall clock is ahead of it by what is set, and so is lived time."""

    def __init__(self, wall_s: float = NOON, boot_id: str = "boot") -> None:
        self.ahead_s = wall_s - 1000.0
        self.lived_ahead_s = NOON
        self.clocks = Clocks(self._lived, self._wall, self._monotonic, boot_id)

    def _monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def _wall(self) -> float:
        return self._monotonic() + self.ahead_s

    def _lived(self) -> float:
        return self._monotonic() + self.lived_ahead_s


def outbox_in_loop(
    state: Path, clocks: Clocks, *, linked: Callable[[], bool], told: Told | None = None, **settings: object
) -> tuple[KeptOutbox, InLoop]:
    """An outbox, and the disk under it."""
    made: list[InLoop] = []

    class Made(InLoop):
        def __init__(
            self, name: str, file: Path, make: Callable[[], OutboxStore], lost: Callable[[], None]
        ) -> None:
            super().__init__(name, file, make, lost)
            made.append(self)

    outbox = KeptOutbox(state, Settings(**settings), clocks, linked=linked, told=told, kept=Made)  # type: ignore[arg-type]
    return outbox, made[0]
