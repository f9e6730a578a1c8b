"""Native engines in threads of their own: every blocking call into one goes through a `Worker`.

A worker owns its engine: it makes it, in its thread, and only that thread ever touches it. A job
gets a stop flag that it must look at between steps. A job that does not end by its deadline is given
up: its thread is left behind (a daemon, so it never holds up the exit) and the next job gets a new
thread with a new engine, which is the only cure for a call that hangs in native code.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from device.errors import StageTimeout

EngineT = TypeVar("EngineT")
ResultT = TypeVar("ResultT")

STOP_GRACE_S = 1.0
"""How long a job may go on after its stop flag is set before its thread is given up."""


def quiet_threads() -> None:
    """Let native threads sleep while they wait; to be called before any engine's library is loaded.

    OpenMP reads this when it is loaded. By default its threads spin while they wait for each other, and
    two engines that share a few cores then starve one another and the event loop.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class StopFlag:
    """Set by the event loop, looked at by the job."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def set(self) -> None:
        self._event.set()


class Job(Generic[ResultT]):
    """A call under way in a worker's thread. Made inside the event loop."""

    def __init__(
        self, stage: str, future: Future[ResultT], stop: StopFlag, give_up: Callable[[], None]
    ) -> None:
        self._stage = stage
        self._future = asyncio.wrap_future(future)
        self._future.add_done_callback(_retrieve)
        self._stop = stop
        self._give_up = give_up
        self._given_up = False

    async def result(self, deadline_s: float) -> ResultT:
        """The job's result, or its exception.

        Raises StageTimeout when it does not end by `deadline_s` seconds from now; the worker has
        then given its thread up. Cancel-safe: a cancelled wait stops the job and awaits its end.
        """
        try:
            await asyncio.wait([self._future], timeout=deadline_s)
        except asyncio.CancelledError:
            await self.stop()
            raise
        if not self._future.done():
            await self.stop(grace_s=0)
            raise StageTimeout(self._stage, deadline_s)
        return self._future.result()

    def when_ended(self, tell: Callable[[], None]) -> None:
        """`tell` is called in the event loop, after everything that the job itself sent there."""
        self._future.add_done_callback(lambda _: tell())

    async def stop(self, grace_s: float = STOP_GRACE_S) -> None:
        """Ask the job to end and wait for it; past `grace_s` its thread is given up. Idempotent."""
        self._stop.set()
        if self._given_up or self._future.done():
            return
        await asyncio.wait([self._future], timeout=grace_s)
        if not self._future.done():
            self._given_up = True
            self._give_up()


def _retrieve(future: asyncio.Future[ResultT]) -> None:
    """A job that nobody waits for any more may still fail; that is not worth a warning."""
    if not future.cancelled():
        future.exception()


class Worker(Generic[EngineT]):
    """One engine and the thread that it lives in.

    `make_engine` runs in the thread, at the first job and after a thread was given up.
    """

    def __init__(self, name: str, make_engine: Callable[[], EngineT]) -> None:
        self.name = name
        self._make_engine = make_engine
        self._thread: _EngineThread[EngineT] | None = None
        self.given_up = 0
        """Threads that did not come back, for the record."""

    def submit(self, call: Callable[[EngineT, StopFlag], ResultT]) -> Job[ResultT]:
        """Run `call(engine, stop)` after the jobs before it; returns at once."""
        if self._thread is None:
            self._thread = _EngineThread(self.name, self._make_engine)
            self._thread.start()
        thread = self._thread
        future: Future[ResultT] = Future()
        stop = StopFlag()
        thread.tasks.put(lambda: _carry_out(future, lambda: call(thread.engine(), stop)))
        return Job(self.name, future, stop, lambda: self._abandon(thread))

    async def run(self, call: Callable[[EngineT, StopFlag], ResultT], deadline_s: float) -> ResultT:
        """`submit` and wait. Raises what `call` raises, and StageTimeout."""
        return await self.submit(call).result(deadline_s)

    def close(self) -> None:
        """Let the thread end after the jobs it has."""
        if self._thread is not None:
            self._thread.tasks.put(None)
            self._thread = None

    def _abandon(self, thread: _EngineThread[EngineT]) -> None:
        """Let go of a thread that does not answer; it ends by itself if it ever comes back."""
        if self._thread is thread:
            self.given_up += 1
            self.close()


def _carry_out(future: Future[ResultT], call: Callable[[], ResultT]) -> None:
    """The job's exception, whatever it is, belongs to whoever awaits the job."""
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call())
    except BaseException as error:  # noqa: BLE001
        future.set_exception(error)


class _EngineThread(threading.Thread, Generic[EngineT]):
    def __init__(self, name: str, make_engine: Callable[[], EngineT]) -> None:
        super().__init__(name=name, daemon=True)
        self.tasks: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._make_engine = make_engine
        self._made: list[EngineT] = []

    def engine(self) -> EngineT:
        """Made once; if making it fails, the job that wanted it fails, and the next one tries again."""
        if not self._made:
            self._made.append(self._make_engine())
        return self._made[0]

    def run(self) -> None:
        while (task := self.tasks.get()) is not None:
            task()
