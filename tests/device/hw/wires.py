"""LEDs that are looked at by a test: gpiozero's mock pins, and a file in place of an SPI device."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.errors import HardwareError
from device.hw.looks import Rgb


class Pins:
    """Pins that can be dimmed."""

    def __init__(self) -> None:
        self.factory = MockFactory(pin_class=MockPWMPin)

    def level(self, name: str) -> float:
        pin: Any = self.factory.pin(name)
        return float(pin.state)


class SpiFile:
    """Takes what is written and how it was set up."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "spidev0.0"
        self.path.touch()
        self.asked: list[tuple[int, bytes]] = []

    def ioctl(self, file: int, request: int, value: bytes) -> int:
        self.asked.append((request, value))
        return 0

    @property
    def written(self) -> bytes:
        return self.path.read_bytes()


class FakeLeds:
    """Keeps what it was shown, and when; fails while told to."""

    def __init__(self, count: int = 1) -> None:
        self.count = count
        self.shown: list[tuple[Rgb, ...]] = []
        self.fails = False
        self.tried = 0

    def show(self, colours: Sequence[Rgb]) -> None:
        self.tried += 1
        if self.fails:
            raise HardwareError("The light is broken.")
        self.shown.append(tuple(colours))

    def close(self) -> None:
        self.shown.append(((0.0, 0.0, 0.0),) * self.count)
