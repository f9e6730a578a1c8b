"""Workers with real threads: results, stop flags, hung engines given up and replaced, streams."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from device.errors import StageError, StageTimeout
from device.jobs import HUNG_AT_MOST, PIECES_AHEAD, StopFlag, Worker, still_running

ROOT = Path(__file__).resolve().parents[2]


class Engine:
    """Counts how often it was made, and remembers the thread it lives in."""

    made = 0

    def __init__(self) -> None:
        type(self).made += 1
        self.thread = threading.get_ident()


@pytest.fixture(autouse=True)
def _fresh_count() -> None:
    Engine.made = 0


def test_jobs_run_one_after_the_other_in_the_thread_that_made_the_engine() -> None:
    async def story() -> list[bool]:
        worker = Worker("engine", Engine)
        jobs = [worker.submit(lambda e, stop: e.thread == threading.get_ident()) for _ in range(20)]
        results = [await job.result(5) for job in jobs]
        await worker.close()
        return results

    assert asyncio.run(story()) == [True] * 20
    assert Engine.made == 1


def test_an_exception_of_the_job_reaches_whoever_waits() -> None:
    async def story() -> None:
        worker = Worker("engine", Engine)
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda e, stop: 1 / 0, 5)
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        await worker.close()

    asyncio.run(story())


def test_an_engine_that_cannot_be_loaded_leaves_no_thread_behind() -> None:
    def fail() -> Engine:
        raise ZeroDivisionError

    async def story() -> None:
        worker = Worker("failing engine", fail)
        with pytest.raises(ZeroDivisionError):
            await worker.load(5)
        assert "failing engine" not in still_running()

    asyncio.run(story())


def test_a_hung_job_is_given_up_at_its_deadline_and_the_next_one_gets_a_new_engine() -> None:
    hang = threading.Event()

    async def story() -> str:
        worker = Worker("engine", Engine)
        with pytest.raises(StageTimeout, match=r"did not answer within 0\.05 s"):
            await worker.run(lambda e, stop: hang.wait(), 0.05)
        assert worker.given_up == 1
        result = await worker.run(lambda e, stop: "fine", 5)
        await worker.close()
        return result

    assert asyncio.run(story()) == "fine"
    assert Engine.made == 2
    hang.set()


def test_a_job_that_was_given_up_is_not_waited_for_again() -> None:
    hang, begun = threading.Event(), threading.Event()

    def hung(engine: Engine, stop: StopFlag) -> None:
        begun.set()
        hang.wait()

    async def story() -> float:
        worker = Worker("engine", Engine)
        job = worker.submit(hung)
        await asyncio.to_thread(begun.wait, 5)
        await job.stop(grace_s=0.01)
        asked_s = asyncio.get_running_loop().time()
        await job.stop(grace_s=30)
        return asyncio.get_running_loop().time() - asked_s

    assert asyncio.run(story()) < 5
    hang.set()


def test_an_engine_that_hangs_while_it_is_made_is_given_up_too() -> None:
    hang = threading.Event()
    attempts: list[int] = []

    def make() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            hang.wait()
        return "engine"

    async def story() -> str:
        worker = Worker("engine", make)
        with pytest.raises(StageTimeout):
            await worker.run(lambda e, stop: e, 0.05)
        result = await worker.run(lambda e, stop: e, 5)
        await worker.close()
        return result

    assert asyncio.run(story()) == "engine"
    hang.set()


def test_a_cancelled_wait_stops_the_job_and_awaits_its_end() -> None:
    ended = threading.Event()
    begun = threading.Event()

    def obedient(engine: Engine, stop: StopFlag) -> None:
        begun.set()
        while not stop:
            pass
        ended.set()

    async def story() -> None:
        worker = Worker("engine", Engine)
        waiting = asyncio.ensure_future(worker.run(obedient, 30))
        await asyncio.to_thread(begun.wait, 5)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert ended.is_set()
        assert worker.given_up == 0
        await worker.close()

    asyncio.run(story())


def test_an_engine_that_cannot_be_made_fails_its_job_and_is_tried_again() -> None:
    attempts: list[int] = []

    def make() -> str:
        attempts.append(1)
        if len(attempts) == 1:
            raise OSError("model not found")
        return "engine"

    async def story() -> str:
        worker = Worker("engine", make)
        with pytest.raises(OSError, match="model not found"):
            await worker.run(lambda e, stop: e, 5)
        result = await worker.run(lambda e, stop: e, 5)
        await worker.close()
        return result

    assert asyncio.run(story()) == "engine"


@pytest.mark.parametrize("fails", [False, True])
def test_the_end_of_a_job_is_told_after_everything_that_it_sent(fails: bool) -> None:
    async def story() -> list[str]:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[str] = asyncio.Queue(8)

        def send(engine: Engine, stop: StopFlag) -> None:
            for word in ("one", "two"):
                loop.call_soon_threadsafe(told.put_nowait, word)
            if fails:
                raise OSError("broke")

        worker = Worker("engine", Engine)
        worker.submit(send).when_ended(lambda: told.put_nowait("end"))
        words = [await asyncio.wait_for(told.get(), 5) for _ in range(3)]
        await worker.close()
        return words

    assert asyncio.run(story()) == ["one", "two", "end"]


@pytest.mark.parametrize(("before", "after"), [({}, b"passive"), ({"OMP_WAIT_POLICY": "active"}, b"active")])
def test_native_threads_are_told_to_sleep_unless_somebody_wants_otherwise(
    before: dict[str, str], after: bytes
) -> None:
    seen = (
        "import ctypes; from device.jobs import quiet_threads; quiet_threads();"
        "look = ctypes.CDLL(None).getenv; look.restype = ctypes.c_char_p;"
        "print(look(b'OMP_WAIT_POLICY').decode())"
    )
    done = subprocess.run([sys.executable, "-c", seen], env=before, cwd=ROOT, capture_output=True, timeout=60)
    assert done.stdout.strip() == after, done.stderr


def test_threads_end_when_the_worker_is_closed() -> None:
    async def story() -> threading.Thread:
        worker = Worker("engine", Engine)
        thread = await worker.run(lambda e, stop: threading.current_thread(), 5)
        await worker.close()
        return thread

    thread = asyncio.run(story())
    thread.join(5)
    assert not thread.is_alive()


def test_a_worker_whose_engines_keep_hanging_is_out_of_order_until_one_comes_back() -> None:
    """Every hung engine keeps its memory: a device that loads them for ever would be killed for it."""
    hang = threading.Event()

    async def story() -> str:
        worker = Worker("engine", Engine)
        for _ in range(HUNG_AT_MOST):
            with pytest.raises(StageTimeout):
                await worker.run(lambda e, stop: hang.wait(), 0.01)
        with pytest.raises(StageError, match="The engine hung 3 times; restart the device"):
            worker.submit(lambda e, stop: "fine")
        hang.set()
        async with asyncio.timeout(5):
            while any(thread.name == "engine" for thread in threading.enumerate()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        result = await worker.run(lambda e, stop: "fine", 5)
        await worker.close()
        return result

    assert asyncio.run(story()) == "fine"
    assert Engine.made == HUNG_AT_MOST + 1


def test_a_job_that_nobody_awaits_tells_its_error() -> None:
    async def story() -> list[str]:
        worker = Worker("engine", Engine)
        told: list[str] = []
        worker.submit(lambda e, stop: 1 / 0).on_error(lambda error: told.append(type(error).__name__))
        worker.submit(lambda e, stop: None).on_error(lambda error: told.append("nothing happened"))
        await worker.run(lambda e, stop: None, 5)
        await worker.close()
        return told

    assert asyncio.run(story()) == ["ZeroDivisionError"]


# --- flags that break a call off -----------------------------------------------------------------


def test_what_was_to_be_called_when_a_flag_is_set_is_called_once() -> None:
    called: list[str] = []
    stop = StopFlag()
    stop.when_set(lambda: called.append("waiting"))
    assert not called
    stop.set()
    stop.set()
    assert called == ["waiting"]
    stop.when_set(lambda: called.append("late"))
    assert called == ["waiting", "late"]


def test_a_job_can_be_waited_for_without_stopping_it() -> None:
    go_on = threading.Event()

    async def story() -> bool:
        worker = Worker("engine", Engine)
        job = worker.submit(lambda e, stop: go_on.wait() and not stop)
        assert not await job.ends_within(0.02)
        go_on.set()
        assert await job.ends_within(5)
        await worker.close()
        return await job.result(5)

    assert asyncio.run(story())


# --- pieces as they come -------------------------------------------------------------------------


def test_pieces_come_in_order_however_many_there_are() -> None:
    async def story() -> list[int]:
        worker = Worker("engine", Engine)
        pieces = [piece async for piece in worker.stream(lambda e, stop: iter(range(1000)), 5)]
        await worker.close()
        return pieces

    assert asyncio.run(story()) == list(range(1000))


def test_a_piece_comes_before_the_next_is_made() -> None:
    go_on = threading.Event()

    def make(engine: Engine, stop: StopFlag) -> Iterator[str]:
        yield "first"
        assert go_on.wait(5)
        yield "second"

    async def story() -> str:
        worker = Worker("engine", Engine)
        pieces = worker.stream(make, 5)
        assert await anext(pieces) == "first"
        go_on.set()
        second = await anext(pieces)
        await pieces.aclose()
        await worker.close()
        return second

    assert asyncio.run(story()) == "second"


def counting(made: list[int], stopped: threading.Event) -> Callable[[Engine, StopFlag], Iterator[int]]:
    def make(engine: Engine, stop: StopFlag) -> Iterator[int]:
        try:
            for number in range(10_000):
                made.append(number)
                yield number
        finally:
            stopped.set()

    return make


def test_nobody_who_reads_slowly_is_overrun_and_closing_ends_the_job() -> None:
    made: list[int] = []
    stopped = threading.Event()

    async def story() -> None:
        worker = Worker("engine", Engine)
        pieces = worker.stream(counting(made, stopped), 5)
        assert await anext(pieces) == 0
        await asyncio.sleep(0.05)  # a real thread has real time to run ahead
        assert len(made) <= PIECES_AHEAD + 2
        await pieces.aclose()
        assert worker.given_up == 0
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        await worker.close()

    asyncio.run(story())
    assert stopped.is_set()


def test_a_cancelled_reader_ends_the_job() -> None:
    made: list[int] = []
    stopped = threading.Event()

    async def story() -> None:
        worker = Worker("engine", Engine)

        async def read() -> None:
            async for _ in worker.stream(counting(made, stopped), 5):
                await asyncio.Event().wait()

        reading = asyncio.ensure_future(read())
        async with asyncio.timeout(5):
            while not made:  # noqa: ASYNC110 - a real thread begins when it can
                await asyncio.sleep(0.005)
        reading.cancel()
        await asyncio.wait([reading])
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        await worker.close()

    asyncio.run(story())
    assert stopped.is_set()


def test_an_error_comes_after_the_pieces_before_it() -> None:
    def make(engine: Engine, stop: StopFlag) -> Iterator[int]:
        yield 1
        raise ZeroDivisionError

    async def story() -> None:
        worker = Worker("engine", Engine)
        pieces = worker.stream(make, 5)
        assert await anext(pieces) == 1
        with pytest.raises(ZeroDivisionError):
            await anext(pieces)
        await worker.close()

    asyncio.run(story())


def test_an_engine_that_cannot_be_made_ends_its_stream_at_once() -> None:
    async def story() -> None:
        worker: Worker[Engine] = Worker("engine", lambda: Engine(1 / 0))  # type: ignore[call-arg]
        with pytest.raises(ZeroDivisionError):
            await anext(worker.stream(lambda e, stop: iter(()), 60))
        await worker.close()

    asyncio.run(story())


def test_a_stream_that_hangs_is_given_up_at_its_deadline() -> None:
    hang = threading.Event()

    def make(engine: Engine, stop: StopFlag) -> Iterator[int]:
        yield 1
        hang.wait()

    async def story() -> None:
        worker = Worker("engine", Engine)
        pieces = worker.stream(make, 0.05)
        assert await anext(pieces) == 1
        with pytest.raises(StageTimeout, match=r"engine did not answer within 0\.05 s"):
            await anext(pieces)
        assert worker.given_up == 1
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        await worker.close()

    asyncio.run(story())
    hang.set()


# --- whose fault it is that the thread is busy ---------------------------------------------------


def test_a_job_that_is_cancelled_while_it_waits_does_not_cost_the_job_before_its_engine() -> None:
    go_on, begun = threading.Event(), threading.Event()

    def busy(engine: Engine, stop: StopFlag) -> bool:
        begun.set()
        return go_on.wait(5) and not stop

    async def story() -> bool:
        worker = Worker("engine", Engine)
        worker.grace_s = 0.01
        before = worker.submit(busy)
        await asyncio.to_thread(begun.wait, 5)
        waiting = asyncio.ensure_future(worker.run(lambda e, stop: None, 30))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert worker.given_up == 0
        go_on.set()
        finished = await before.result(5)
        await worker.run(lambda e, stop: None, 5)
        await worker.close()
        return finished

    assert asyncio.run(story())
    assert Engine.made == 1


def test_an_engine_that_is_still_being_made_is_left_to_the_next_job() -> None:
    """A large model takes longer to load than a turn waits: given up each time, it would never be there."""
    go_on, begun = threading.Event(), threading.Event()
    made: list[str] = []

    def make() -> str:
        begun.set()
        assert go_on.wait(5)
        made.append("engine")
        return made[-1]

    async def story() -> str:
        worker = Worker("engine", make)
        worker.grace_s = 0.01
        pieces = worker.stream(lambda engine, stop: iter(["never said"]), 30)
        first = asyncio.ensure_future(anext(pieces))
        await asyncio.to_thread(begun.wait, 5)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert worker.given_up == 0
        go_on.set()
        result = await worker.run(lambda engine, stop: engine, 5)
        await worker.close()
        return result

    assert asyncio.run(story()) == "engine"
    assert made == ["engine"]


def test_a_hung_job_whose_end_nobody_awaits_any_more_is_given_up_all_the_same() -> None:
    hang, begun = threading.Event(), threading.Event()

    def hung(engine: Engine, stop: StopFlag) -> None:
        begun.set()
        hang.wait()

    async def story() -> int:
        worker = Worker("engine", Engine)
        worker.grace_s = 0.05
        waiting = asyncio.ensure_future(worker.run(hung, 30))
        await asyncio.to_thread(begun.wait, 5)
        waiting.cancel()
        await asyncio.sleep(0)
        waiting.cancel()  # in the middle of its grace
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with asyncio.timeout(5):
            while not worker.given_up:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        await worker.close()
        return worker.given_up

    assert asyncio.run(story()) == 1
    hang.set()
