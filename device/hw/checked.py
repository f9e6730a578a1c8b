"""The settings of button and light that are more than a range of values: looks, and the names of keys."""

from __future__ import annotations

from device.config import Settings
from device.errors import SettingsError
from device.hw.key_codes import key_code
from device.hw.looks import palette


def problems(settings: Settings) -> list[str]:
    """A sentence for each that cannot be used."""
    found = []
    for check in (lambda: palette(settings.lights.looks), lambda: key_code(settings.button.key)):
        try:
            check()
        except SettingsError as error:
            found.append(str(error))
    return found
