"""Reading ahead and bounded waiting, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from device.errors import StageTimeout
from device.pipeline import ReadAhead, close, each_within, within
from tests.virtual_time import run


class Source:
    """Numbers, one every `every_s`; notes when it was closed and how far it was read."""

    def __init__(self, count: int, every_s: float = 0.0, error: Exception | None = None) -> None:
        self.count, self.every_s, self.error = count, every_s, error
        self.given = 0
        self.closed = False

    async def items(self) -> AsyncIterator[int]:
        try:
            for number in range(self.count):
                await asyncio.sleep(self.every_s)
                self.given = number + 1
                yield number
            if self.error:
                raise self.error
        finally:
            self.closed = True


async def collect(items: AsyncIterator[int], into: list[int]) -> None:
    async for item in items:
        into.append(item)


def test_reading_ahead_overlaps_the_source_with_the_reader() -> None:
    async def story() -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        async with asyncio.TaskGroup() as group:
            ahead = ReadAhead(group, Source(10, every_s=1.0).items(), 3, "source")
            async for _ in ahead:
                await asyncio.sleep(1.0)
        assert loop.time() - began_s == pytest.approx(11.0)

    run(story())


def test_it_reads_only_so_far_ahead() -> None:
    async def story() -> None:
        source = Source(100)
        async with asyncio.TaskGroup() as group:
            ahead = ReadAhead(group, source.items(), 3, "source")
            await asyncio.sleep(10)
            assert source.given == 4
            await ahead.aclose()
            assert source.closed

    run(story())


def test_an_error_comes_after_everything_that_came_before_it() -> None:
    async def story() -> None:
        seen: list[int] = []
        async with asyncio.TaskGroup() as group:
            ahead = ReadAhead(group, Source(3, error=ValueError("broken")).items(), 10, "source")
            await asyncio.sleep(1)
            with pytest.raises(ValueError, match="broken"):
                await collect(ahead, seen)
        assert seen == [0, 1, 2]

    run(story())


def test_waiting_is_bounded_and_names_the_stage() -> None:
    async def story() -> None:
        with pytest.raises(StageTimeout, match="The mind did not answer within 2 s"):
            await within(2.0, "mind", asyncio.sleep(3))
        assert await within(2.0, "mind", asyncio.sleep(1, "in time")) == "in time"

    run(story())


def test_a_time_out_of_the_awaited_things_own_stays_what_it_is() -> None:
    async def own() -> None:
        raise TimeoutError("mine")

    async def story() -> None:
        with pytest.raises(TimeoutError, match="mine") as raised:
            await within(2.0, "mind", own())
        assert not isinstance(raised.value, StageTimeout)

    run(story())


def test_each_item_has_its_own_bound_and_the_source_is_closed_when_it_is_late() -> None:
    async def story() -> None:
        source = Source(3, every_s=1.5)
        seen: list[int] = []
        with pytest.raises(StageTimeout):
            await collect(each_within(source.items(), "mind", first_s=2.0, next_s=1.0), seen)
        assert seen == [0]
        assert source.closed

    run(story())


def test_who_stops_reading_closes_the_source() -> None:
    async def story() -> None:
        source = Source(3)
        items = each_within(source.items(), "mind", first_s=1.0, next_s=1.0)
        assert await anext(items) == 0
        await close(items)
        assert source.closed

    run(story())
