"""Input devices made of files: what the kernel shows of them, and a FIFO that gives real events."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

from device.hw.input_devices import EV_KEY, EV_SYN, EVENT

SPACE = 57


class Keyboards:
    """`sys` and `dev` stand for /sys/class/input and /dev/input."""

    def __init__(self, folder: Path) -> None:
        self.sys = folder / "sys"
        self.dev = folder / "dev"
        self.sys.mkdir()
        self.dev.mkdir()

    def plug(self, number: int, name: str, *keys: int) -> Keyboard:
        device = self.sys / f"event{number}" / "device"
        (device / "capabilities").mkdir(parents=True)
        os.mkfifo(self.dev / f"event{number}")
        keyboard = Keyboard(self, number)
        (device / "name").write_text(name + "\n")
        (device / "capabilities" / "key").write_text(capabilities(keys) + "\n")
        return keyboard


class Keyboard:
    """One of them, as long as it is plugged in."""

    def __init__(self, among: Keyboards, number: int) -> None:
        self._among = among
        self._number = number
        self._fifo = os.open(among.dev / f"event{number}", os.O_RDWR)

    def send(self, *kinds_codes_values: tuple[int, int, int]) -> None:
        os.write(self._fifo, b"".join(EVENT.pack(0, 0, *each) for each in kinds_codes_values))

    def key(self, code: int, value: int) -> None:
        self.send((4, 4, 0x7002C), (EV_KEY, code, value), (EV_SYN, 0, 0))

    def unplug(self) -> None:
        """Whoever reads it is told, once what was sent before has been read."""
        shutil.rmtree(self._among.sys / f"event{self._number}")
        os.unlink(self._among.dev / f"event{self._number}")
        os.close(self._fifo)


def capabilities(keys: tuple[int, ...]) -> str:
    bits = 8 * struct.calcsize("l")
    words = [sum(1 << key % bits for key in keys if key // bits == word) for word in range(768 // bits)]
    while len(words) > 1 and not words[-1]:
        words.pop()
    return " ".join(f"{word:x}" for word in reversed(words))
