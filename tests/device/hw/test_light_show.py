"""The light follows the session: at once, without work while nothing moves, and without ever ending it."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from device.config import Lights, Looks
from device.contracts import Emotion
from device.errors import SettingsError
from device.hw.led_rgb import RgbLed
from device.hw.led_ring import LedRing
from device.hw.led_wire import apa102
from device.hw.leds import Leds
from device.hw.light_show import AGAIN_S, LightShow, open_lights
from device.hw.looks import Rgb
from device.hw.patterns import SIGN_S
from device.notices import Board, LightChanged, LightState, Refused
from tests.device.hw.wires import FakeLeds, Pins, SpiFile
from tests.virtual_time import run

STILL = Lights(
    brightness=100,
    looks=Looks(**{state.value: f"#0000{place + 1:02x} steady" for place, state in enumerate(LightState)}),
)
"""Every state's look is a blue of its own."""


def blue(state: LightState) -> Rgb:
    return (0.0, 0.0, (list(LightState).index(state) + 1) / 255)


def follow(
    leds: Leds,
    settings: Lights,
    story: Callable[[Board], Awaitable[None]],
    fault: Callable[[str, str], None] = lambda part, why: None,
) -> None:
    """Runs the show in virtual time for as long as the story."""

    async def play() -> None:
        board = Board()
        async with asyncio.TaskGroup() as tasks:
            show = tasks.create_task(LightShow(leds, settings, fault).run(board))
            await asyncio.sleep(0)
            await story(board)
            show.cancel()

    run(play())


async def looked() -> None:
    """As many turns of the loop as a notice takes, and no time at all."""
    for _ in range(10):
        await asyncio.sleep(0)


def test_it_shows_that_the_device_starts_and_then_what_is_told() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        await looked()
        board.post(Refused("something else"))
        for state in (LightState.IDLE, LightState.LISTENING, LightState.FAULT):
            board.post(LightChanged(state, leaving=False))
            await looked()

    follow(leds, STILL, story)
    states = (LightState.STARTING, LightState.IDLE, LightState.LISTENING, LightState.FAULT)
    assert leds.shown == [(blue(state),) for state in states]


def test_a_steady_look_costs_nothing() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.IDLE, leaving=False))
        await asyncio.sleep(3600)

    follow(leds, STILL, story)
    assert leds.tried <= 2


def test_a_pattern_moves_at_thirty_frames_a_second() -> None:
    leds = FakeLeds(12)

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.THINKING, leaving=False))
        await asyncio.sleep(2)

    follow(leds, Lights(), story)
    assert 55 <= len(set(leds.shown)) <= 62


def test_frames_that_are_the_same_are_not_written_again() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.SETUP, leaving=False))  # on and off, 0.6 s each
        await asyncio.sleep(5.5)

    follow(leds, Lights(), story)
    assert leds.tried <= 12


def test_brightness_is_that_of_all_colours() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.LISTENING, leaving=False))
        await looked()

    follow(leds, Lights(brightness=50, looks=Looks(listening="#ff8000 steady")), story)
    assert leds.shown[-1][0] == pytest.approx((0.5, 0.251, 0.0), abs=0.001)


def test_content_that_left_for_a_moment_is_shown_long_enough_to_be_seen() -> None:
    leds = FakeLeds(12)
    seen: list[tuple[Rgb, ...]] = []

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.IDLE, leaving=True))
        await asyncio.sleep(0.01)
        board.post(LightChanged(LightState.IDLE, leaving=False))
        await asyncio.sleep(SIGN_S - 0.1)
        seen.append(leds.shown[-1])
        await asyncio.sleep(0.2)
        seen.append(leds.shown[-1])
        await asyncio.sleep(3600)

    follow(leds, STILL, story)
    assert seen == [leds.shown[-2], (blue(LightState.IDLE),) * 12]
    assert len(set(seen[0])) == 3  # the sign, its gap, the look
    assert leds.tried <= 5


def test_the_sign_stays_for_as_long_as_content_leaves() -> None:
    leds = FakeLeds(12)

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.IDLE, leaving=True))
        await asyncio.sleep(20)
        board.post(LightChanged(LightState.THINKING, leaving=True))
        await looked()

    follow(leds, STILL, story)
    assert all(len(set(frame)) == 3 for frame in leds.shown[-2:])


def test_on_one_led_the_sign_comes_again_and_again() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.IDLE, leaving=True))
        await asyncio.sleep(7)

    follow(leds, STILL, story)
    assert leds.shown.count(((1.0, 0.25, 0.75),)) == 4


def test_a_mood_colours_speech_alone() -> None:
    leds = FakeLeds()

    async def story(board: Board) -> None:
        for state in (LightState.SPEAKING, LightState.THINKING):
            board.post(LightChanged(state, leaving=False, mood=Emotion.HAPPY))
            await looked()

    follow(leds, STILL, story)
    speaking, thinking = leds.shown[-2:]
    assert speaking[0][0] > 0
    assert thinking == (blue(LightState.THINKING),)


def test_a_pattern_goes_on_where_it_is_when_only_something_else_changes() -> None:
    leds = FakeLeds(12)

    async def story(board: Board) -> None:
        board.post(LightChanged(LightState.SETUP, leaving=False))
        await asyncio.sleep(0.8)  # in its dark half
        board.post(LightChanged(LightState.SETUP, leaving=True, mood=Emotion.SAD))
        await looked()
        assert leds.shown[-1][5] == (0.0, 0.0, 0.0)

    follow(leds, Lights(), story)


def test_a_light_that_fails_is_told_once_and_tried_again_until_it_works() -> None:
    leds = FakeLeds()
    told: list[tuple[str, str]] = []

    async def story(board: Board) -> None:
        await looked()
        leds.fails = True
        for state in (LightState.THINKING, LightState.FAULT, LightState.IDLE):
            board.post(LightChanged(state, leaving=False))
            await asyncio.sleep(1)
        assert told == [("light", "The light is broken.")]
        leds.fails = False
        await asyncio.sleep(AGAIN_S)

    follow(leds, STILL, story, lambda part, why: told.append((part, why)))
    assert told == [("light", "The light is broken."), ("light", "")]
    assert leds.shown[-1] == (blue(LightState.IDLE),)


def test_a_look_that_cannot_be_read_is_refused_before_anything_runs() -> None:
    with pytest.raises(SettingsError, match=r"lights\.looks\.fault"):
        LightShow(FakeLeds(), Lights(looks=Looks(fault="red")), lambda part, why: None)


def event_to_wire_ms(leds: Leds, on: Callable[[], bool]) -> float:
    """The median of 40 changes, in real time, from the notice to the pin or the file."""

    async def story() -> list[float]:
        board = Board()
        loop = asyncio.get_running_loop()
        took_ms = []
        async with asyncio.TaskGroup() as tasks:
            looks = Looks(idle="#000000 steady", listening="#ffffff steady")
            settings = Lights(brightness=100, looks=looks)
            show = tasks.create_task(LightShow(leds, settings, lambda part, why: None).run(board))
            await asyncio.sleep(0)
            for _ in range(40):
                board.post(LightChanged(LightState.IDLE, leaving=False))
                await looked()
                assert not on()
                began_s = loop.time()
                board.post(LightChanged(LightState.LISTENING, leaving=False))
                while not on():  # noqa: ASYNC110 - what is awaited is a pin
                    await asyncio.sleep(0)
                took_ms.append(1000 * (loop.time() - began_s))
            show.cancel()
        return took_ms

    took_ms = asyncio.run(story())
    median_ms = statistics.median(took_ms)
    print(f"event to wire: median {median_ms:.3f} ms, longest {max(took_ms):.3f} ms")
    return median_ms


def test_from_the_event_to_the_pin_it_takes_at_most_20_ms() -> None:
    pins = Pins()
    led = RgbLed(Lights(kind="rgb"), pins.factory)
    assert event_to_wire_ms(led, lambda: pins.level("GPIO22") == 1.0) <= 20
    led.close()


def test_from_the_event_to_the_ring_it_takes_at_most_20_ms(tmp_path: Path) -> None:
    spi = SpiFile(tmp_path)
    ring = LedRing(Lights(kind="ring", device=str(spi.path), count=12), spi.ioctl)
    white = apa102([(1.0, 1.0, 1.0)] * 12)
    assert event_to_wire_ms(ring, lambda: spi.written.endswith(white)) <= 20
    ring.close()


def test_no_light_is_opened_where_there_is_none() -> None:
    with open_lights(Lights(kind="none"), lambda part, why: None) as show:
        assert show is None


def test_a_light_that_cannot_be_opened_is_a_fault_and_the_device_goes_on(tmp_path: Path) -> None:
    told: list[str] = []
    settings = Lights(kind="ring", device=str(tmp_path / "spidev0.0"))
    with open_lights(settings, lambda part, why: told.append(f"{part}: {why}")) as show:
        assert show is None
    assert [why.partition(" (")[0] for why in told] == [
        f"light: There is no SPI device {settings.device}: switch SPI on"
    ]
