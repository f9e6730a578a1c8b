"""What is older than the settings allow is erased at the start, and every hour."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from device.contracts import Line, Who
from device.errors import StageError
from device.forgetting.retention import DAY_S, EVERY_S, Rule, keep_to
from device.memory import remembered
from tests.virtual_time import run


def asked(hours: float, *, fails: bool = False) -> list[float]:
    """Before when things were to be forgotten, in so many hours of a device; it starts after 100 days."""
    told: list[float] = []

    async def forget_before(before_s: float) -> int:
        told.append(before_s)
        if fails:
            raise StageError("the disk hangs")
        return 1

    async def story() -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        rules = [Rule("lines", 30.0, forget_before), Rule("others", 1.0, nothing)]
        async with asyncio.TaskGroup() as group:
            keeping = group.create_task(keep_to(rules, lambda: 100 * DAY_S + loop.time() - began_s))
            await asyncio.sleep(hours * EVERY_S)
            keeping.cancel()

    run(story())
    return told


async def nothing(before_s: float) -> int:
    return 0


def test_it_is_looked_after_at_the_start_and_every_hour_by_lived_time() -> None:
    assert asked(2.5) == pytest.approx([70 * DAY_S, 70 * DAY_S + EVERY_S, 70 * DAY_S + 2 * EVERY_S])


def test_what_fails_is_told_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    assert len(asked(1.5, fails=True)) == 2
    assert "the disk hangs" in caplog.text


def test_old_lines_leave_every_byte_of_the_disk(tmp_path: Path) -> None:
    now_s = [10 * DAY_S]

    def on_disk(words: bytes) -> bool:
        return any(words in file.read_bytes() for file in tmp_path.iterdir())

    async def story(then: Callable[[], Awaitable[None]]) -> None:
        async with remembered(tmp_path, allowed=True, lived=lambda: now_s[0]) as conversation:
            conversation.add([Line(Who.PERSON, "an old giraffe")])
            now_s[0] += 20 * DAY_S
            conversation.add([Line(Who.PERSON, "a new kettle")])
            assert await conversation.forget_before(0.0) == 0
            assert on_disk(b"giraffe")
            assert await conversation.forget_before(now_s[0] - 10 * DAY_S) == 1
            assert [line.text for line in conversation.history] == ["a new kettle"]
            await then()

    async def look() -> None:
        assert not on_disk(b"giraffe")
        assert on_disk(b"kettle")

    asyncio.run(story(look))
    asyncio.run(look())
