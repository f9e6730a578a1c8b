"""A ring, or any row, of addressable LEDs on an SPI device's data line (and its clock, for APA102)."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Sequence

from device.config import Lights
from device.errors import HardwareError
from device.hw.led_wire import APA102_HZ, WS2812_HZ, apa102, ws2812
from device.hw.looks import DARK, Rgb
from device.hw.spi import Ioctl, Spi

WIRES = {"apa102": (apa102, APA102_HZ), "ws2812": (ws2812, WS2812_HZ)}


class LedRing:
    """See `leds.Leds`. Showing 12 LEDs takes 0.2 ms as APA102 and 0.7 ms as WS2812; 256 take 2.1 and 8 ms."""

    def __init__(self, settings: Lights, ioctl: Ioctl = fcntl.ioctl) -> None:
        """Raises HardwareError."""
        self._encode, speed_hz = WIRES[settings.chip]
        self.count = settings.count
        self._spi: Spi | None = Spi(settings.device, speed_hz, ioctl)

    def show(self, colours: Sequence[Rgb]) -> None:
        if self._spi:
            self._spi.write(self._encode(colours))

    def close(self) -> None:
        if self._spi:
            with contextlib.suppress(HardwareError):
                self.show([DARK] * self.count)
            self._spi.close()
            self._spi = None
