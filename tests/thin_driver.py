"""Thin mode as a process on gpiozero's mock pins, pressed by lines on stdin; the answers are JSON lines.

The lines are read in a thread, so that edges come as a pin library's do: outside the event loop.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
import threading
import time

from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPWMPin

from device.config_load import load
from device.thin import serve_thin

BUTTON, COLOURS = "GPIO17", {"red": "GPIO22", "green": "GPIO27", "blue": "GPIO23"}


class Held(MockPWMPin):  # type: ignore[misc]  # untyped
    """Connected to ground at power-on: no pull-up wins against it."""

    def _set_pull(self, value: str) -> None:
        super()._set_pull(value)
        self.drive_low()


def obey(line: str, pins: MockFactory, loop: asyncio.AbstractEventLoop) -> object:
    what, *arguments = line.split()
    match what:
        case "down":
            at_s = time.monotonic()
            pins.pin(BUTTON).drive_low()
            return at_s
        case "up":
            pins.pin(BUTTON).drive_high()
        case "hang":
            loop.call_soon_threadsafe(time.sleep, float(arguments[0]))
        case "light":
            return {name: pins.pin(pin).state for name, pin in COLOURS.items()}
        case "load":
            importlib.import_module(arguments[0])
    return None


def listen(pins: MockFactory, loop: asyncio.AbstractEventLoop) -> None:
    for line in sys.stdin:
        print(json.dumps(obey(line, pins, loop)), flush=True)


async def main() -> None:
    """Like `twominds run --thin`; the argument says how the button is at power-on."""
    held = sys.argv[1] == "held"
    pins = Device.pin_factory = MockFactory(pin_class=Held if held else MockPWMPin)
    loop = asyncio.get_running_loop()
    threading.Thread(target=listen, args=(pins, loop), daemon=True).start()
    given = {name: value for name, value in os.environ.items() if name.startswith("TWOMINDS_")}
    pins_used = {"TWOMINDS_BUTTON__PIN": BUTTON, "TWOMINDS_LIGHTS__KIND": "rgb"}
    settings = load(None, given | pins_used).settings
    await serve_thin(settings)


asyncio.run(main())
