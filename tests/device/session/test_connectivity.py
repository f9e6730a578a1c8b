"""A link that comes and goes, as a person sees and hears it: whole turns in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from device.brain.recogniser import Recogniser
from device.config import Settings, System2
from device.connectivity import GRACE_S
from device.contracts import LinkHealth
from device.notices import LightState
from device.steady import SteadySystem2
from tests.device.session.two_minds import TwoMinds
from tests.fakes import FakeSystem2
from tests.virtual_time import run

T = TypeVar("T")
UP = LinkHealth(up=True, round_trip_s=0.05)
DOWN = LinkHealth(up=False, why="The network is away.")
WORLD = "who painted the mona lisa"
NEAR = "On board we think it was Leo."
OFFLINE = "I am offline just now."


class Street:
    """A device at the end of a bad line."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.far = FakeSystem2(health=UP)
        clock = asyncio.get_running_loop().time
        self.steady = SteadySystem2(self.far, clock, lambda health: self.device.session.linked(health))
        minds = TwoMinds(recogniser, system_2=self.far, between=lambda far: self.steady)
        self.device = minds.device()
        self.device.settings = Settings(system2=System2(url="wss://far.example/v1/device"))

    def line(self, health: LinkHealth) -> None:
        """The link says that it is so."""
        self.far.health = health
        self.steady.look()

    async def hears(self, text: str = WORLD) -> str:
        """What is said to it."""
        self.device.stt.hears = text
        count = len(self.device.records) + 1
        await self.device.say()
        return (await self.device.turn(count)).spoken

    def shown(self) -> list[bool]:
        """Of each change of the light: whether it was yellow then."""
        return [state is LightState.OFFLINE for state in self.device.lights()]


def play(recogniser: Recogniser, story: Callable[[Street], Awaitable[T]]) -> T:
    async def whole() -> T:
        street = Street(recogniser)
        async with street.device.running():
            street.line(UP)
            await asyncio.sleep(1)
            try:
                return await story(street)
            finally:
                street.steady.close()

    return run(whole())


def test_a_device_on_a_flapping_link_does_not_flap(recogniser: Recogniser) -> None:
    """Ten minutes of 8 s up and 5 s down: 46 drops, each of which lasts long enough to be seen."""

    async def story(street: Street) -> list[bool]:
        for _ in range(46):
            street.line(DOWN)
            await asyncio.sleep(5)
            street.line(UP)
            await asyncio.sleep(8)
        return street.shown()

    shown = play(recogniser, story)
    assert shown[-3:] == [True, False, True]
    assert sum(shown) == 2


def test_short_drops_change_neither_light_nor_page(recogniser: Recogniser) -> None:
    async def story(street: Street) -> None:
        before = len(street.device.notices)
        for _ in range(50):
            street.line(DOWN)
            await asyncio.sleep(GRACE_S - 0.5)
            street.line(UP)
            await asyncio.sleep(2)
        assert street.device.notices[before:] == []

    play(recogniser, story)


def test_the_light_is_yellow_while_the_link_is_slow(recogniser: Recogniser) -> None:
    async def story(street: Street) -> list[bool]:
        before = len(street.shown())
        for round_trip_s in (1.0, 2.0, 1.4, 1.6, 1.0, 0.7, 1.2):
            street.line(LinkHealth(up=True, round_trip_s=round_trip_s))
            await asyncio.sleep(18)
        return street.shown()[before:]

    assert play(recogniser, story) == [True, False]


def test_the_reason_is_said_once_and_again_after_a_while(recogniser: Recogniser) -> None:
    async def story(street: Street) -> list[str]:
        street.line(DOWN)
        await asyncio.sleep(GRACE_S)
        spoken = [await street.hears() for _ in range(3)]
        await asyncio.sleep(600)
        return [*spoken, await street.hears(), await street.hears()]

    excused = f"{OFFLINE} {NEAR}"
    again = f"I have no connection just now. {NEAR}"
    assert play(recogniser, story) == [excused, NEAR, NEAR, again, NEAR]


def test_a_flapping_link_is_not_excused_at_every_drop(recogniser: Recogniser) -> None:
    async def story(street: Street) -> list[str]:
        spoken = []
        for _ in range(5):
            street.line(DOWN)
            await asyncio.sleep(5)
            spoken.append(await street.hears())
            street.line(UP)
            await asyncio.sleep(8)
        return spoken

    assert sum(OFFLINE in said or "no connection" in said for said in play(recogniser, story)) == 1


def test_skills_and_small_talk_need_no_excuse(recogniser: Recogniser) -> None:
    async def story(street: Street) -> list[str]:
        street.line(DOWN)
        await asyncio.sleep(GRACE_S)
        return [await street.hears(text) for text in ("what time is it", "my socks and the wardrobe", WORLD)]

    clock, talk, world = play(recogniser, story)
    assert (OFFLINE in clock, talk, world) == (False, NEAR, f"{OFFLINE} {NEAR}")


def test_a_question_in_a_short_drop_is_answered_on_board_at_once(recogniser: Recogniser) -> None:
    async def story(street: Street) -> float:
        street.line(DOWN)
        assert await street.hears() == NEAR
        return street.device.records[-1].stages_ms["first_audio"]

    assert play(recogniser, story) <= 500
