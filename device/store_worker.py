"""A store in a thread of its own, opened anew after it failed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from cache.reopening import Closable, Reopening
from device.jobs import Job, StopFlag, Worker

StoreT = TypeVar("StoreT", bound=Closable)
ResultT = TypeVar("ResultT")


class StoreWorker(Generic[StoreT]):
    """As `Worker`; `make` opens the store in its thread, at the first job and after damage or a hang."""

    def __init__(self, name: str, file: Path, make: Callable[[Path], StoreT]) -> None:
        self._worker = Worker(name, lambda: Reopening(file, lambda: make(file)))

    def submit(self, call: Callable[[StoreT, StopFlag], ResultT]) -> Job[ResultT]:
        """Run `call(store, stop)` after the jobs before it; returns at once. Raises StageError.

        A job that meets damage fails with what SQLite says; the next one finds a store that works.
        """
        return self._worker.submit(lambda opened, stop: opened.use(lambda store: call(store, stop)))

    async def run(self, call: Callable[[StoreT, StopFlag], ResultT], deadline_s: float) -> ResultT:
        """`submit` and wait. Raises what `call` or opening raises, and StageError. Cancel-safe."""
        return await self.submit(call).result(deadline_s)

    async def close(self) -> None:
        """Let the thread end after the jobs it has, and wait for it, but not for ever."""
        await self._worker.close()
