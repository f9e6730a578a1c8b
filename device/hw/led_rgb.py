"""One RGB LED on three pins, by gpiozero's pulse width modulation."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from device.config import Lights
from device.errors import HardwareError
from device.hw.looks import DARK, Rgb
from device.hw.pins import pin_errors

if TYPE_CHECKING:
    from gpiozero.pins import Factory


class RgbLed:
    """See `leds.Leds`."""

    count = 1

    def __init__(self, settings: Lights, factory: Factory | None = None) -> None:
        """`factory` None: gpiozero's default. Raises HardwareError."""
        pins = settings.red_pin, settings.green_pin, settings.blue_pin
        with pin_errors(f"The light on {', '.join(pins)}"):
            from gpiozero import RGBLED

            self._led = RGBLED(*pins, active_high=settings.common == "cathode", pin_factory=factory)

    def show(self, colours: Sequence[Rgb]) -> None:
        try:
            self._led.value = colours[0]
        except Exception as error:
            raise HardwareError(f"The light cannot be switched: {error or type(error).__name__}.") from error

    def close(self) -> None:
        if not self._led.closed:
            with contextlib.suppress(HardwareError):
                self.show([DARK])
            self._led.close()
