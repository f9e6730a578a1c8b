"""The keys that can be a button, by name, as the Linux kernel numbers them.

The numbers are those of input-event-codes.h, part of the kernel's stable interface. A key that is not
here can be given by its number, as `evtest` shows it: "key 115".
"""

from __future__ import annotations

import difflib

from device.errors import SettingsError

KEYS = {
    "space": 57,
    "enter": 28,
    "tab": 15,
    "escape": 1,
    "backspace": 14,
    "menu": 139,
    "home": 102,
    "end": 107,
    "up": 103,
    "down": 108,
    "left": 105,
    "right": 106,
    "pageup": 104,
    "pagedown": 109,
    "leftctrl": 29,
    "rightctrl": 97,
    "leftshift": 42,
    "rightshift": 54,
    "leftalt": 56,
    "rightalt": 100,
    "kpenter": 96,
    "kp0": 82,
    "mute": 113,
    "volumedown": 114,
    "volumeup": 115,
    "playpause": 164,
    "nextsong": 163,
    "previoussong": 165,
    "camera": 212,
    "voicecommand": 582,
    "mouseleft": 272,
    "mouseright": 273,
    "mousemiddle": 274,
    **{f"f{number}": 58 + number for number in range(1, 11)},
    "f11": 87,
    "f12": 88,
    **{f"f{number}": 170 + number for number in range(13, 25)},
    **{letter: 16 + place for place, letter in enumerate("qwertyuiop")},
    **{letter: 30 + place for place, letter in enumerate("asdfghjkl")},
    **{letter: 44 + place for place, letter in enumerate("zxcvbnm")},
    **{digit: 2 + place for place, digit in enumerate("1234567890")},
}

LARGEST = 0x2FF
"""KEY_MAX."""


def key_code(name: str) -> int:
    """Of a key's name. Raises SettingsError with a suggestion."""
    wanted = name.strip().casefold().replace(" ", "").replace("_", "").removeprefix("key")
    if wanted in KEYS and not (wanted.isdigit() and name.strip().casefold().startswith("key")):
        return KEYS[wanted]
    if wanted.isdigit() and 0 < int(wanted) <= LARGEST:
        return int(wanted)
    near = difflib.get_close_matches(wanted, KEYS, n=1)
    meant = f"Did you mean {near[0]}?" if near else "docs/button-and-lights.md lists the keys."
    raise SettingsError(f'button.key is "{name}", which is no key that is known here. {meant}')
