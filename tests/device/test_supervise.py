"""What falls over is put on its feet again, at ever longer intervals, and everybody can see it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from device.supervise import FIRST_PAUSE_S, LONGEST_PAUSE_S, WELL_S, supervise
from tests.virtual_time import run


def test_a_part_that_keeps_falling_over_is_started_ever_more_rarely_and_told() -> None:
    starts: list[float] = []
    told: list[tuple[str, bool]] = []

    async def falls_over() -> None:
        starts.append(asyncio.get_running_loop().time())
        raise RuntimeError("it broke")

    async def story() -> None:
        async with asyncio.timeout(3600):
            await supervise("link", falls_over, lambda part, why: told.append((part, bool(why))))

    with pytest.raises(TimeoutError):
        run(story())
    pauses = [later - sooner for sooner, later in pairwise(starts)]
    assert pauses[0] == FIRST_PAUSE_S
    assert pauses == sorted(pauses)
    assert max(pauses) == LONGEST_PAUSE_S
    assert len(starts) < 80
    assert told[:2] == [("link", True), ("link", False)]


def test_after_a_good_while_the_first_pause_counts_again() -> None:
    starts: list[float] = []

    async def lasts() -> None:
        starts.append(asyncio.get_running_loop().time())
        await asyncio.sleep(WELL_S)
        raise RuntimeError("it broke")

    async def story() -> None:
        async with asyncio.timeout(10 * WELL_S):
            await supervise("link", lasts, lambda part, why: None)

    with pytest.raises(TimeoutError):
        run(story())
    assert {later - sooner for sooner, later in pairwise(starts)} == {WELL_S + FIRST_PAUSE_S}
