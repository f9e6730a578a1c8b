"""Forgetting while no agent runs: on the databases themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cache.memory import MemoryStore
from cache.timers import TimerStore
from device import damaged, memory, recordings, timers_kept
from device.erasure import Forget

StoreT = TypeVar("StoreT", MemoryStore, TimerStore)


def disk_parts(state: Path, lived: Callable[[], float]) -> dict[str, Forget]:
    """Everything on disk that forgets, by the names that the agent uses. What is not there is not made."""
    return {
        "conversation": _in(MemoryStore, state / memory.FILE, lambda store, since_s: store.forget(since_s)),
        "alarms": _in(TimerStore, state / timers_kept.FILE, _forget_timers),
        recordings.PART: recordings.Recordings(state / recordings.FOLDER, lived).forget,
        damaged.PART: damaged.DamagedFiles(state).forget,
    }


def _in(make: Callable[[Path], StoreT], file: Path, forget: Callable[[StoreT, float | None], int]) -> Forget:
    def in_thread(since_s: float | None) -> int:
        if not file.exists():
            return 0
        with contextlib.closing(make(file)) as store:
            return forget(store, since_s)

    return lambda since_s: asyncio.to_thread(in_thread, since_s)


def _forget_timers(store: TimerStore, since_s: float | None) -> int:
    """See `Alarms.forget`."""
    gone = len(store.all()) if since_s is None else 0
    if since_s is None:
        store.replace([])
    store.erase_removed()
    return gone
