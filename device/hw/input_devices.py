"""Linux input devices (keyboards, USB buttons, presenters), read without a library.

What the kernel promises: struct input_event and the EVIOC requests of linux/input.h, and the text files
below /sys/class/input.
"""

from __future__ import annotations

import fcntl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.hw.key_codes import LARGEST

SYS = Path("/sys/class/input")
DEV = Path("/dev/input")

EVENT = struct.Struct("@llHHi")
"""Two words of time, type, code, value: 24 bytes on a 64-bit system."""
EV_SYN = 0
EV_KEY = 1
SYN_DROPPED = 3
"""The kernel's queue was full and events are missing: ask what the keys are now."""

KEY_BYTES = LARGEST // 8 + 1
EVIOCGKEY = 2 << 30 | KEY_BYTES << 16 | ord("E") << 8 | 0x18
"""_IOR('E', 0x18, char[KEY_BYTES]), as x86 and ARM number requests."""


@dataclass(frozen=True, slots=True)
class Event:
    kind: int
    code: int
    value: int
    """Of a key: 1 down, 0 up, 2 repeated by itself."""


def events(block: bytes) -> Iterator[Event]:
    """A block as read from the device; it gives only whole events."""
    whole = len(block) - len(block) % EVENT.size
    for _, _, kind, code, value in EVENT.iter_unpack(block[:whole]):
        yield Event(kind, code, value)


def is_down(device: int, code: int) -> bool:
    """Whether the key is down now. Raises OSError."""
    keys = bytearray(KEY_BYTES)
    fcntl.ioctl(device, EVIOCGKEY, keys)
    return bool(keys[code // 8] >> code % 8 & 1)


def find(part_of_name: str, code: int, sys: Path = SYS, dev: Path = DEV) -> Path | None:
    """The first device with that in its name and with that key; None if there is none."""
    for entry in sorted(sys.glob("event*"), key=lambda entry: int(entry.name.removeprefix("event"))):
        try:
            name = (entry / "device" / "name").read_text("utf-8", "replace").strip()
            keys = (entry / "device" / "capabilities" / "key").read_text("ascii")
        except OSError:  # it has gone in this moment
            continue
        if part_of_name.casefold() in name.casefold() and _has(keys, code):
            return dev / entry.name
    return None


def _has(capabilities: str, code: int) -> bool:
    """`capabilities`: a bit for each key, in hexadecimal machine words, the highest first."""
    bits = 8 * struct.calcsize("l")
    words = capabilities.split()[::-1]
    place = code // bits
    return place < len(words) and bool(int(words[place], 16) >> code % bits & 1)
