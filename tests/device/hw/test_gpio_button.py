"""A button on a pin: gpiozero's mock pins under the code that runs on a board, in virtual time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from gpiozero import LED
from gpiozero.pins.mock import MockFactory

from device.config import Button
from device.errors import HardwareError
from device.hw.edge_relay import EdgeRelay
from device.hw.gpio_button import GpioButton
from tests.device.hw.buttons import GESTURES, Reached, play
from tests.virtual_time import run

WIRINGS = ("to_ground", "to_3v3")


class Wired:
    """A button between pin 17 and ground, or 3.3 V."""

    def __init__(self, wiring: str) -> None:
        self.settings = Button(pin="GPIO17", wiring=wiring)  # type: ignore[arg-type]
        self.factory = MockFactory()
        self.pin: Any = self.factory.pin("GPIO17")
        self.pin.pull = "up" if wiring == "to_ground" else "down"

    def down(self) -> None:
        self.pin.drive_low() if self.settings.wiring == "to_ground" else self.pin.drive_high()

    def up(self) -> None:
        self.pin.drive_high() if self.settings.wiring == "to_ground" else self.pin.drive_low()

    @contextmanager
    def opened(self, reached: Reached, at_press: Callable[[], None] = lambda: None) -> Iterator[GpioButton]:
        relay = EdgeRelay(reached.button(), at_press, asyncio.get_running_loop())
        button = GpioButton(self.settings, relay, self.factory)
        try:
            yield button
        finally:
            button.close()


@pytest.fixture(params=WIRINGS)
def wired(request: pytest.FixtureRequest) -> Wired:
    return Wired(request.param)


@pytest.mark.parametrize("story", GESTURES)
def test_every_gesture_works_on_a_pin(wired: Wired, story: str) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached):
            await play(story, wired.down, wired.up)
            await asyncio.sleep(0.1)

    run(hands())
    assert reached.done == GESTURES[story]


@pytest.mark.parametrize("story", GESTURES)
def test_every_gesture_works_with_a_contact_that_bounces(wired: Wired, story: str) -> None:
    reached = Reached()

    def bouncing(first: Callable[[], None], then: Callable[[], None]) -> Callable[[], None]:
        def edge() -> None:
            loop = asyncio.get_running_loop()
            first()
            for bounce in range(1, 6):
                loop.call_later(0.003 * bounce, then if bounce % 2 else first)
            loop.call_later(0.018, first)

        return edge

    async def hands() -> None:
        with wired.opened(reached):
            await play(story, bouncing(wired.down, wired.up), bouncing(wired.up, wired.down))
            await asyncio.sleep(0.1)

    run(hands())
    assert reached.done == GESTURES[story]


def test_a_press_acts_before_the_contact_is_at_rest(wired: Wired) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached):
            wired.down()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert reached.done == ["press"]

    run(hands())


def test_a_press_shorter_than_the_bounces_still_ends(wired: Wired) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached):
            wired.down()
            await asyncio.sleep(0.005)
            wired.up()
            await asyncio.sleep(0.1)

    run(hands())
    assert reached.done == ["press", "release"]


def test_a_contact_that_comes_to_rest_late_is_looked_at_until_it_does(wired: Wired) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached):
            for edge, for_s in ((wired.down, 0.005), (wired.up, 0.025), (wired.down, 1.0)):
                edge()
                await asyncio.sleep(for_s)

    run(hands())
    assert reached.done == ["press", "release", "press"]


def test_an_edge_that_the_kernel_lost_is_found_at_rest(wired: Wired) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached):
            wired.down()
            await asyncio.sleep(0.01)
            wired.pin._state = wired.settings.wiring == "to_ground"  # up, and nobody was told
            await asyncio.sleep(0.1)

    run(hands())
    assert reached.done == ["press", "release"]


def test_held_at_power_on_sets_up(wired: Wired) -> None:
    reached = Reached()
    kept = wired.factory.pin("GPIO17")

    class HeldDown(type(kept)):  # type: ignore[misc]
        """A pin whose pull does not win against the finger on the button."""

        def _set_pull(self, value: str) -> None:
            self._pull = value

    wired.factory.reset()
    wired.factory.pin_class = HeldDown
    wired.pin = wired.factory.pin("GPIO17")
    wired.down()

    async def hands() -> None:
        with wired.opened(reached):
            await asyncio.sleep(3.1)
            assert reached.done == ["set up"]
            wired.up()
            await asyncio.sleep(1)

    run(hands())
    assert reached.done == ["set up"]


def test_a_press_stops_in_its_own_thread_while_the_event_loop_hangs(wired: Wired) -> None:
    """In real time: the loop does nothing at all until the stop has come."""
    reached = Reached()
    stopped = threading.Event()
    in_thread: list[str] = []

    def stop() -> None:
        in_thread.append(threading.current_thread().name)
        stopped.set()

    async def hands() -> None:
        with wired.opened(reached, stop):
            finger = threading.Thread(target=wired.down, name="finger")
            finger.start()
            assert stopped.wait(5)  # blocks the loop
            assert reached.done == []
            finger.join()
            await asyncio.sleep(0.01)
            assert reached.done == ["press"]

    asyncio.run(hands())
    assert in_thread == ["finger"]


def test_bounces_and_the_release_stop_nothing(wired: Wired) -> None:
    stops: list[float] = []

    async def hands() -> None:
        loop = asyncio.get_running_loop()
        with wired.opened(Reached(), lambda: stops.append(loop.time())):
            for edge in (wired.down, wired.up, wired.down):
                edge()
                await asyncio.sleep(0.005)
            await asyncio.sleep(1)
            for edge in (wired.up, wired.down, wired.up):
                edge()
                await asyncio.sleep(0.005)
            await asyncio.sleep(1)

    run(hands())
    assert len(stops) == 1


def test_a_closed_button_hears_nothing_and_frees_its_pin(wired: Wired) -> None:
    reached = Reached()

    async def hands() -> None:
        with wired.opened(reached) as button:
            wired.down()
            await asyncio.sleep(0.001)
            button.close()
            wired.up()
            await asyncio.sleep(1)
        with wired.opened(reached):
            pass

    run(hands())
    assert reached.done == ["press"]


@pytest.mark.parametrize(
    ("pin", "wiring", "why"),
    [
        ("GPIO99", "to_ground", "The button on GPIO99: GPIO99 is not a valid pin name. Pins are named like"),
        ("GPIO2", "to_3v3", "The button on GPIO2: the board itself pulls this pin up. Connect the button to"),
        ("GPIO5", "to_ground", "The button on GPIO5: its pin is already used by another part of the device."),
    ],
)
def test_a_pin_that_cannot_be_used_is_refused_in_a_sentence(pin: str, wiring: str, why: str) -> None:
    factory = MockFactory()

    async def story() -> None:
        relay = EdgeRelay(Reached().button(), lambda: None, asyncio.get_running_loop())
        with LED("GPIO5", pin_factory=factory), pytest.raises(HardwareError, match=why):
            GpioButton(Button(pin=pin, wiring=wiring), relay, factory)  # type: ignore[arg-type]

    run(story())


def test_without_a_pin_library_the_way_to_get_one_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "nothing-of-that-name")

    async def story() -> None:
        relay = EdgeRelay(Reached().button(), lambda: None, asyncio.get_running_loop())
        with pytest.raises(HardwareError, match="make run installs it"):
            GpioButton(Button(pin="GPIO17"), relay)

    run(story())
