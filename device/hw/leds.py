"""LEDs of any kind, and the one that the settings name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from device.config import Lights
from device.hw.led_rgb import RgbLed
from device.hw.led_ring import LedRing
from device.hw.looks import Rgb


class Leds(Protocol):
    """Some LEDs in a row, the first one at the top."""

    count: int

    def show(self, colours: Sequence[Rgb]) -> None:
        """As many colours as there are LEDs. Raises HardwareError."""
        ...

    def close(self) -> None:
        """Dark, and let go. Idempotent; never raises."""
        ...


def open_leds(settings: Lights) -> Leds | None:
    """None: there is no light. Raises HardwareError."""
    match settings.kind:
        case "none":
            return None
        case "rgb":
            return RgbLed(settings)
        case "ring":
            return LedRing(settings)
