"""Sends bytes to a Linux SPI device, without a library: what linux/spi/spidev.h promises."""

from __future__ import annotations

import fcntl
import os
import struct
from collections.abc import Callable

from device.errors import HardwareError

WR_MODE = 0x40016B01
"""_IOW('k', 1, u8)"""
WR_BITS_PER_WORD = 0x40016B03
WR_MAX_SPEED_HZ = 0x40046B04

Ioctl = Callable[[int, int, bytes], object]


class Spi:
    """Mode 0, eight bits, from when this is made until `close`."""

    def __init__(self, device: str, speed_hz: int, ioctl: Ioctl = fcntl.ioctl) -> None:
        """Raises HardwareError."""
        self._device = device
        try:
            self._file = os.open(device, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise HardwareError(
                f"There is no SPI device {device}: switch SPI on (sudo raspi-config nonint do_spi 0) and "
                "restart, or correct lights.device."
            ) from error
        except OSError as error:
            raise HardwareError(
                f"The SPI device {device} cannot be opened: {error.strerror}. Whoever runs twominds must "
                "be in the group spi."
            ) from error
        try:
            ioctl(self._file, WR_MODE, bytes(1))
            ioctl(self._file, WR_BITS_PER_WORD, bytes((8,)))
            ioctl(self._file, WR_MAX_SPEED_HZ, struct.pack("=I", speed_hz))
        except OSError as error:
            os.close(self._file)
            raise HardwareError(
                f"{device} is not an SPI device that can be set up: {error.strerror}."
            ) from error

    def write(self, data: bytes) -> None:
        """Takes as long as the bits take: 1 ms for 600 bytes at 4 MHz. Raises HardwareError."""
        try:
            os.write(self._file, data)
        except OSError as error:
            raise HardwareError(
                f"The SPI device {self._device} cannot be written: {error.strerror}."
            ) from error

    def close(self) -> None:
        """Once."""
        os.close(self._file)
