"""The clock that the other tests stand on."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.virtual_time import Deadlock, run


def test_hours_pass_in_no_time() -> None:
    async def story() -> float:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await asyncio.sleep(10 * 3600)
        return loop.time() - began_s

    began_s = time.monotonic()
    assert run(story()) == pytest.approx(10 * 3600)
    assert time.monotonic() - began_s < 5


def test_timers_fire_in_their_order() -> None:
    async def story() -> list[float]:
        fired: list[float] = []

        async def after(delay_s: float) -> None:
            await asyncio.sleep(delay_s)
            fired.append(delay_s)

        await asyncio.gather(*map(after, [3, 0.1, 2, 0.3, 1e-6]))
        return fired

    assert run(story()) == [1e-6, 0.1, 0.3, 2, 3]


def test_what_can_never_end_is_a_deadlock() -> None:
    with pytest.raises(Deadlock):
        run(asyncio.Event().wait())


def test_a_deadlock_lets_the_tasks_clean_up() -> None:
    cleaned = []

    async def story() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(True)

    with pytest.raises(Deadlock):
        run(story())
    assert cleaned == [True]


def test_timeouts_are_virtual_too() -> None:
    async def story() -> None:
        async with asyncio.timeout(60):
            await asyncio.Event().wait()

    with pytest.raises(TimeoutError):
        run(story())
