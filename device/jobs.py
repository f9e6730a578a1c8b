"""Native engines in threads of their own: every blocking call into one goes through a `Worker`.

A worker owns its engine: it makes it, in its thread, and only that thread ever touches it. A job
gets a stop flag that it must look at between steps. A job that does not end by its deadline is given
up: its thread is left behind (a daemon, so it never holds up the exit) and the next job gets a new
thread with a new engine, which is the only cure for a call that hangs in native code. As every hung
engine keeps its memory, a worker does that a few times and is then out of order.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

from device.errors import StageError, StageTimeout

EngineT = TypeVar("EngineT")
ResultT = TypeVar("ResultT")
PieceT = TypeVar("PieceT")

HUNG_AT_MOST = 3
"""Threads of one worker that may hang at a time."""
CLOSE_GRACE_S = 5.0
"""How long the end of the process waits for a library that is still at work."""
STOP_GRACE_S = 1.0
"""How long a job may go on after its stop flag is set before its thread is given up."""

PIECES_AHEAD = 8
"""How many pieces a job makes before somebody takes them; then it waits."""


def quiet_threads() -> None:
    """Let native threads sleep while they wait; to be called before any engine's library is loaded.

    OpenMP reads this when it is loaded. By default its threads spin while they wait for each other, and
    two engines that share a few cores then starve one another and the event loop.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")


class StopFlag:
    """Set by the event loop, looked at by the job. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Callable[[], None]] = []
        self._set = False

    def __bool__(self) -> bool:
        return self._set

    def set(self) -> None:
        """Idempotent. Whatever was to be called then is called here and now."""
        with self._lock:
            self._set = True
            calls, self._calls = self._calls, []
        for call in calls:
            call()

    def when_set(self, call: Callable[[], None]) -> None:
        """Call this as soon as the flag is set, in the thread that sets it; at once if it is set.

        For calls that a library can break off; it must be quick, and it must not raise.
        """
        with self._lock:
            if not self._set:
                self._calls.append(call)
                return
        call()


class Job(Generic[ResultT]):
    """A call under way in a worker's thread. Made inside the event loop."""

    def __init__(
        self,
        stage: str,
        future: Future[ResultT],
        stop: StopFlag,
        give_up: Callable[[], None],
        grace_s: Callable[[], float] = lambda: STOP_GRACE_S,
    ) -> None:
        self._stage = stage
        self._in_thread = future
        self._future = asyncio.wrap_future(future)
        self._grace_s = grace_s
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

    def on_error(self, tell: Callable[[BaseException], None]) -> None:
        """`tell` is called in the event loop with the job's exception, if it ends with one."""
        self._future.add_done_callback(lambda future: _tell(future, tell))

    def when_ended(self, call: Callable[[], None]) -> None:
        """Call this in the event loop once the job has ended, well or not."""
        self._future.add_done_callback(lambda _: call())

    async def ends_within(self, seconds: float) -> bool:
        """Wait for the job without stopping it; whether it has ended, well or not. Cancel-safe."""
        done, _ = await asyncio.wait([self._future], timeout=seconds)
        return bool(done)

    async def stop(self, grace_s: float | None = None) -> None:
        """Ask the job to end and wait for it; past its grace the thread is given up. Idempotent.

        A job that waits for its turn, or for its engine to be made, is only taken back: what keeps the
        thread busy is not its own. With a grace of 0 the thread is given up whatever it does. Should
        this wait itself be cancelled, the grace still counts.
        """
        self._stop.set()
        grace_s = self._grace_s() if grace_s is None else grace_s
        if self._given_up or self._future.done() or (grace_s > 0 and self._in_thread.cancel()):
            return
        try:
            await asyncio.wait([self._future], timeout=grace_s)
        except asyncio.CancelledError:
            asyncio.get_running_loop().call_later(grace_s, self._give_up_unless_ended)
            raise
        self._give_up_unless_ended()

    def _give_up_unless_ended(self) -> None:
        if not self._given_up and not self._future.done():
            self._given_up = True
            self._give_up()


class _End:
    """Nothing more comes."""


def _retrieve(future: asyncio.Future[ResultT]) -> None:
    """A job that nobody waits for any more may still fail; that is not worth a warning."""
    if not future.cancelled():
        future.exception()


def _tell(future: asyncio.Future[ResultT], tell: Callable[[BaseException], None]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        tell(error)


class Worker(Generic[EngineT]):
    """One engine and the thread that it lives in.

    `make_engine` runs in the thread, at the first job and after a thread was given up.
    """

    def __init__(self, name: str, make_engine: Callable[[], EngineT]) -> None:
        self.name = name
        self._make_engine = make_engine
        self._thread: _EngineThread[EngineT] | None = None
        self.given_up = 0
        """Threads that did not come back by their deadline, for the record."""
        self.grace_s = STOP_GRACE_S
        """What a stopped job may still take; an engine whose calls are longer raises it. From any thread."""
        self._hung: list[_EngineThread[EngineT]] = []

    async def load(self, deadline_s: float) -> None:
        """Make the engine now rather than at the first job; closed when that fails.

        Raises what making it raises, and StageTimeout.
        """
        try:
            await self.run(lambda engine, stop: None, deadline_s)
        except BaseException:
            await self.close()
            raise

    def submit(self, call: Callable[[EngineT, StopFlag], ResultT]) -> Job[ResultT]:
        """Run `call(engine, stop)` after the jobs before it; returns at once.

        Raises StageError while `HUNG_AT_MOST` threads hang.
        """
        if self._thread is None:
            self._hung = [thread for thread in self._hung if thread.is_alive()]
            if len(self._hung) == HUNG_AT_MOST:
                raise StageError(
                    f"The {self.name} hung {HUNG_AT_MOST} times; restart the device to use it again."
                )
            self._thread = _EngineThread(self.name, self._make_engine)
            self._thread.start()
        thread = self._thread
        future: Future[ResultT] = Future()
        stop = StopFlag()
        thread.tasks.put(lambda: _carry_out(future, thread.engine, lambda engine: call(engine, stop)))
        return Job(self.name, future, stop, lambda: self._abandon(thread), lambda: self.grace_s)

    async def run(self, call: Callable[[EngineT, StopFlag], ResultT], deadline_s: float) -> ResultT:
        """`submit` and wait. Raises what `call` raises, and StageTimeout."""
        return await self.submit(call).result(deadline_s)

    async def stream(
        self, make: Callable[[EngineT, StopFlag], Iterator[PieceT]], deadline_s: float
    ) -> AsyncGenerator[PieceT, None]:
        """What `make(engine, stop)` yields in the thread, as it comes, at most `PIECES_AHEAD` ahead.

        Raises what `make` raises, after what came before it, and StageTimeout when no piece comes for
        `deadline_s`; the thread is then given up. Closing or cancelling stops the job between two
        pieces and awaits its end.
        """
        pieces: asyncio.Queue[PieceT | _End] = asyncio.Queue()
        room = threading.Semaphore(PIECES_AHEAD)
        tell = asyncio.get_running_loop().call_soon_threadsafe

        def work(engine: EngineT, stop: StopFlag) -> None:
            stop.when_set(room.release)
            for piece in make(engine, stop):
                room.acquire()
                if stop:
                    return
                tell(pieces.put_nowait, piece)

        job = self.submit(work)
        job.when_ended(lambda: pieces.put_nowait(_End()))
        try:
            while not isinstance(piece := await self._next(pieces, deadline_s), _End):
                yield piece
                room.release()
            await job.result(deadline_s)
        except StageTimeout:
            await job.stop(grace_s=0)
            raise
        finally:
            await job.stop()

    async def close(self, grace_s: float = CLOSE_GRACE_S) -> None:
        """Let the thread end after the jobs it has, and wait until its engine is freed, but not for ever.

        A thread that is still inside a library when the interpreter ends brings the process down.
        """
        thread = self._thread
        self._dismiss()
        if thread is not None:
            await asyncio.to_thread(thread.join, grace_s)

    async def _next(self, pieces: asyncio.Queue[PieceT | _End], deadline_s: float) -> PieceT | _End:
        try:
            async with asyncio.timeout(deadline_s):
                return await pieces.get()
        except TimeoutError as error:
            raise StageTimeout(self.name, deadline_s) from error

    def _abandon(self, thread: _EngineThread[EngineT]) -> None:
        """Let go of a thread that does not answer; it ends by itself if it ever comes back."""
        if self._thread is thread:
            self.given_up += 1
            self._hung.append(thread)
            self._dismiss()

    def _dismiss(self) -> None:
        if self._thread is not None:
            self._thread.tasks.put(None)
            self._thread = None


def _carry_out(
    future: Future[ResultT], make: Callable[[], EngineT], call: Callable[[EngineT], ResultT]
) -> None:
    """The job's exception, whatever it is, belongs to whoever awaits the job.

    It begins when its engine is there: taken back before, it leaves the engine to the next one.
    """
    if future.cancelled():
        return
    try:
        engine = make()
    except BaseException as error:  # noqa: BLE001
        if future.set_running_or_notify_cancel():
            future.set_exception(error)
        return
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(call(engine))
    except BaseException as error:  # noqa: BLE001
        future.set_exception(error)


def still_running() -> list[str]:
    """The names of workers whose threads have not ended; asked before the process does."""
    return [thread.name for thread in threading.enumerate() if isinstance(thread, _EngineThread)]


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
        self._made.clear()
