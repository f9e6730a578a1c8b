"""A ring of addressable LEDs, its SPI device a file."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import pytest

from device.config import Lights
from device.errors import HardwareError
from device.hw.led_ring import LedRing
from device.hw.led_wire import apa102, ws2812
from device.hw.spi import WR_BITS_PER_WORD, WR_MAX_SPEED_HZ, WR_MODE
from tests.device.hw.wires import SpiFile


@pytest.mark.parametrize(
    ("chip", "encode", "speed_hz"), [("apa102", apa102, 4_000_000), ("ws2812", ws2812, 2_400_000)]
)
def test_colours_are_written_as_the_chip_reads_them(
    tmp_path: Path, chip: Any, encode: Any, speed_hz: int
) -> None:
    spi = SpiFile(tmp_path)
    ring = LedRing(Lights(kind="ring", chip=chip, device=str(spi.path), count=2), spi.ioctl)
    colours = [(1.0, 0.0, 0.0), (0.0, 0.0, 1.0)]
    ring.show(colours)
    assert spi.written == encode(colours)
    assert spi.asked == [
        (WR_MODE, b"\0"),
        (WR_BITS_PER_WORD, b"\x08"),
        (WR_MAX_SPEED_HZ, struct.pack("=I", speed_hz)),
    ]
    ring.close()


def test_closing_leaves_it_dark(tmp_path: Path) -> None:
    spi = SpiFile(tmp_path)
    ring = LedRing(Lights(kind="ring", device=str(spi.path), count=3), spi.ioctl)
    ring.close()
    ring.close()
    ring.show([(1.0, 1.0, 1.0)] * 3)
    assert spi.written == apa102([(0.0, 0.0, 0.0)] * 3)


def test_without_spi_the_way_to_switch_it_on_is_told(tmp_path: Path) -> None:
    missing = tmp_path / "spidev0.0"
    with pytest.raises(
        HardwareError, match=r"There is no SPI device .*\(sudo raspi-config nonint do_spi 0\)"
    ):
        LedRing(Lights(kind="ring", device=str(missing)))


def test_what_is_no_spi_device_is_told_and_let_go(tmp_path: Path) -> None:
    spi = SpiFile(tmp_path)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(HardwareError, match="is not an SPI device that can be set up"):
        LedRing(Lights(kind="ring", device=str(spi.path)))
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_device_that_may_not_be_opened_is_told(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match="must be in the group spi"):
        LedRing(Lights(kind="ring", device=str(tmp_path)))


def test_a_device_that_cannot_be_written_is_told() -> None:
    ring = LedRing(Lights(kind="ring", device="/dev/full", count=2), lambda file, request, value: 0)
    with pytest.raises(HardwareError, match="/dev/full cannot be written: No space left"):
        ring.show([(0.0, 0.0, 0.0)] * 2)
    ring.close()
