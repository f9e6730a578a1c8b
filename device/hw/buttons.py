"""The device's own buttons, as the settings name them: a pin, a key, both or none."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from device.config import Button
from device.errors import HardwareError
from device.hw.edge_relay import EdgeRelay
from device.hw.gpio_button import GpioButton
from device.hw.key_button import KeyButton
from device.hw.talk_button import KEY, PIN, TalkButton

if TYPE_CHECKING:
    from gpiozero.pins import Factory

PIN_PART = "button pin"


@contextlib.contextmanager
def open_buttons(
    settings: Button,
    button: Callable[[str], TalkButton],
    at_press: Callable[[], None],
    fault: Callable[[str, str], None],
    factory: Factory | None = None,
) -> Iterator[None]:
    """Open inside the `with`; whatever they hold down is let go after it. From the event loop.

    `button` makes one, given the part's name for faults. `at_press` is called in the thread that sees a
    press, before the event loop hears of it. A pin that cannot be opened is a fault: the device can still
    be talked to by key and page. `factory`: of gpiozero's pins; None: its default. Raises SettingsError.
    """
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as opened:
        if settings.keyboard:
            key = opened.enter_context(contextlib.closing(button(KEY)))
            opened.enter_context(
                contextlib.closing(KeyButton(settings, EdgeRelay(key, at_press, loop), fault))
            )
        if settings.pin:
            pin = opened.enter_context(contextlib.closing(button(PIN)))
            try:
                wired = GpioButton(settings, EdgeRelay(pin, at_press, loop), factory)
            except HardwareError as error:
                fault(PIN_PART, str(error))
            else:
                opened.enter_context(contextlib.closing(wired))
        yield
