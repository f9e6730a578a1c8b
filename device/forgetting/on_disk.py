"""Forgetting while no agent runs: on the databases themselves."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, TypeVar

from cache import outbox as outbox_store
from cache.memory import MemoryStore
from cache.replies import ReplyStore
from cache.timers import TimerStore
from device import memory, recordings, timers_kept
from device.brain.packs import promise_phrases
from device.config import Settings
from device.forgetting import damaged
from device.forgetting.erasure import Erasure, Forget
from device.moment import Clocks
from device.outbox.kept import KeptOutbox
from device.promises.kept import FILE as PROMISES
from device.promises.kept import KeptPromises
from device.promises.promises import PromiseClocks, Promises
from device.replies.files import FILE as REPLIES


class Store(Protocol):
    def close(self) -> None: ...


StoreT = TypeVar("StoreT", bound=Store)


@contextlib.asynccontextmanager
async def erasure_on_disk(
    state: Path, settings: Settings, lived: Callable[[], float]
) -> AsyncIterator[Erasure]:
    """Everything on disk that forgets, by the names that the agent uses. What is not there is not made."""
    sounds = recordings.Recordings(state / recordings.FOLDER, lived)
    parts: dict[str, Forget] = {
        "conversation": _in(MemoryStore, state / memory.FILE, MemoryStore.forget),
        "alarms": _in(TimerStore, state / timers_kept.FILE, _forget_timers),
        "replies": _in(ReplyStore, state / REPLIES, ReplyStore.forget_since),
        recordings.PART: sounds.forget,
        damaged.PART: damaged.DamagedFiles(state).forget,
    }
    try:
        async with _outbox(state, settings, lived) as outbox:
            if outbox and (state / PROMISES).exists():
                parts["promises"] = _promises(state, settings, outbox, lived).forget_since
            yield Erasure(parts, outbox, state, lived)
    finally:
        await sounds.close()


@contextlib.asynccontextmanager
async def _outbox(
    state: Path, settings: Settings, lived: Callable[[], float]
) -> AsyncIterator[KeptOutbox | None]:
    """None where there is none."""
    if not (state / outbox_store.FILE).exists():
        yield None
        return
    outbox = KeptOutbox(state, settings, Clocks(lived), linked=lambda: False)
    try:
        yield outbox
    finally:
        await outbox.close()


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


def _promises(state: Path, settings: Settings, outbox: KeptOutbox, lived: Callable[[], float]) -> Promises:
    """They ask back what was sent, which only they can name. Nothing is announced here."""
    return Promises(
        KeptPromises(state),
        outbox,
        lambda announcement: None,
        itertools.count(1),
        promise_phrases(settings.language),
        settings.promises.hours * 3600.0,
        PromiseClocks(lived),
    )
