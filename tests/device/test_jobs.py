"""Workers with real threads: results, stop flags, hung engines given up and replaced."""

from __future__ import annotations

import asyncio
import threading

import pytest

from device.errors import StageError, StageTimeout
from device.jobs import HUNG_AT_MOST, StopFlag, Worker


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
        worker.close()
        return results

    assert asyncio.run(story()) == [True] * 20
    assert Engine.made == 1


def test_an_exception_of_the_job_reaches_whoever_waits() -> None:
    async def story() -> None:
        worker = Worker("engine", Engine)
        with pytest.raises(ZeroDivisionError):
            await worker.run(lambda e, stop: 1 / 0, 5)
        assert await worker.run(lambda e, stop: "fine", 5) == "fine"
        worker.close()

    asyncio.run(story())


def test_a_hung_job_is_given_up_at_its_deadline_and_the_next_one_gets_a_new_engine() -> None:
    hang = threading.Event()

    async def story() -> str:
        worker = Worker("engine", Engine)
        with pytest.raises(StageTimeout, match=r"did not answer within 0\.05 s"):
            await worker.run(lambda e, stop: hang.wait(), 0.05)
        assert worker.given_up == 1
        result = await worker.run(lambda e, stop: "fine", 5)
        worker.close()
        return result

    assert asyncio.run(story()) == "fine"
    assert Engine.made == 2
    hang.set()


def test_a_job_that_was_given_up_is_not_waited_for_again() -> None:
    hang = threading.Event()

    async def story() -> float:
        worker = Worker("engine", Engine)
        job = worker.submit(lambda e, stop: hang.wait())
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
        worker.close()
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
        worker.close()

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
        worker.close()
        return result

    assert asyncio.run(story()) == "engine"


def test_threads_end_when_the_worker_is_closed() -> None:
    async def story() -> threading.Thread:
        worker = Worker("engine", Engine)
        thread = await worker.run(lambda e, stop: threading.current_thread(), 5)
        worker.close()
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
        worker.close()
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
        worker.close()
        return told

    assert asyncio.run(story()) == ["ZeroDivisionError"]
