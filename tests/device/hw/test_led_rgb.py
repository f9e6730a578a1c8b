"""One RGB LED: gpiozero's mock pins under the code that runs on a board."""

from __future__ import annotations

from typing import Any

import pytest

from device.config import Lights
from device.errors import HardwareError
from device.hw.led_rgb import RgbLed
from tests.device.hw.wires import Pins

PINS = ("GPIO22", "GPIO27", "GPIO23")


@pytest.mark.parametrize(("common", "levels"), [("cathode", (1.0, 0.5, 0.0)), ("anode", (0.0, 0.5, 1.0))])
def test_each_colour_has_its_pin_whatever_the_common_leg(common: Any, levels: tuple[float, ...]) -> None:
    pins = Pins()
    led = RgbLed(Lights(kind="rgb", common=common), pins.factory)
    led.show([(1.0, 0.5, 0.0)])
    assert tuple(pins.level(pin) for pin in PINS) == levels
    led.close()


@pytest.mark.parametrize(("common", "dark"), [("cathode", 0.0), ("anode", 1.0)])
def test_it_starts_dark(common: Any, dark: float) -> None:
    pins = Pins()
    led = RgbLed(Lights(kind="rgb", common=common), pins.factory)
    assert {pins.level(pin) for pin in PINS} == {dark}
    led.close()


def test_closing_leaves_it_dark_and_its_pins_free() -> None:
    pins = Pins()
    led = RgbLed(Lights(kind="rgb"), pins.factory)
    led.show([(1.0, 1.0, 1.0)])
    led.close()
    led.close()
    assert {pins.level(pin) for pin in PINS} == {0.0}
    RgbLed(Lights(kind="rgb"), pins.factory).close()


@pytest.mark.parametrize(
    ("red", "why"),
    [
        ("GPIO77", "The light on GPIO77, GPIO27, GPIO23: GPIO77 is not a valid pin name"),
        ("GPIO27", "its pin is already used by another part"),
    ],
)
def test_pins_that_cannot_be_used_are_refused_in_a_sentence(red: str, why: str) -> None:
    with pytest.raises(HardwareError, match=why):
        RgbLed(Lights(kind="rgb", red_pin=red), Pins().factory)


def test_an_led_that_cannot_be_switched_is_told() -> None:
    led = RgbLed(Lights(kind="rgb"), Pins().factory)
    led.close()
    with pytest.raises(HardwareError, match="The light cannot be switched"):
        led.show([(1.0, 0.0, 0.0)])
