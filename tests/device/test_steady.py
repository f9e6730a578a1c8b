"""The steadied health of System 2, and who is told of it, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from device.connectivity import GRACE_S
from device.contracts import LinkHealth, Question
from device.errors import NoSystem2
from device.steady import LOOK_AGAIN_S, SteadySystem2
from tests.fakes import FakeSystem2
from tests.virtual_time import run

T = TypeVar("T")
UP = LinkHealth(up=True, round_trip_s=0.05, hears=True)
DOWN = LinkHealth(up=False, why="The network is away.")


class Watched:
    """A steadied System 2 whose link is told what to be."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.far = FakeSystem2(health=UP)
        self.told: list[tuple[float, LinkHealth]] = []
        self.began_s = self.loop.time()
        self.steady = SteadySystem2(self.far, self.loop.time, self.tell)
        self.steady.look()

    def tell(self, health: LinkHealth) -> None:
        self.told.append((self.loop.time() - self.began_s, health))

    def becomes(self, health: LinkHealth, *, says_so: bool = True) -> None:
        self.far.health = health
        if says_so:
            self.steady.look()


def play(story: Callable[[Watched], Awaitable[T]]) -> T:
    async def whole() -> T:
        watched = Watched()
        try:
            return await story(watched)
        finally:
            watched.steady.close()

    return run(whole())


def test_a_drop_is_told_once_it_has_lasted_and_its_end_at_once() -> None:
    async def story(link: Watched) -> list[tuple[float, bool]]:
        await asyncio.sleep(10)
        link.becomes(DOWN)
        await asyncio.sleep(10)
        link.becomes(UP)
        await asyncio.sleep(10)
        return [(round(at_s, 3), health.up) for at_s, health in link.told]

    assert play(story) == [(0, True), (10 + GRACE_S, False), (20, True)]


def test_a_short_drop_is_told_to_nobody() -> None:
    async def story(link: Watched) -> int:
        for _ in range(20):
            link.becomes(DOWN)
            await asyncio.sleep(GRACE_S - 0.1)
            link.becomes(UP)
            await asyncio.sleep(1)
        return len(link.told)

    assert play(story) == 1


def test_in_a_short_drop_a_question_fails_at_once_and_no_sound_is_sent() -> None:
    async def story(link: Watched) -> None:
        link.becomes(DOWN)
        assert link.steady.health.up
        assert not link.steady.health.hears
        asked_s = link.loop.time()
        with pytest.raises(NoSystem2):
            await anext(aiter(link.steady.ask(Question(1, "who won", "en"))))
        assert link.loop.time() == asked_s

    play(story)


def test_a_link_that_is_back_without_saying_so_is_noticed() -> None:
    async def story(link: Watched) -> bool:
        link.becomes(DOWN)
        await asyncio.sleep(20)
        link.becomes(UP, says_so=False)
        await asyncio.sleep(LOOK_AGAIN_S)
        return link.told[-1][1].up

    assert play(story)


def test_while_all_is_well_nothing_is_looked_at() -> None:
    async def story(link: Watched) -> None:
        assert link.steady._tick is None

    play(story)


def test_what_is_the_same_is_not_told_again() -> None:
    async def story(link: Watched) -> int:
        link.steady.look()
        link.steady.look()
        return len(link.told)

    assert play(story) == 1
