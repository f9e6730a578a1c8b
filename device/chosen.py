"""The settings that a person chooses on the page: in force at once, and kept for the next start."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

import msgspec
from msgspec import inspect

from device.config import Settings, Talk, Use
from device.config_keys import CHOSEN, Key, as_toml, keys
from device.config_load import read_chosen
from device.config_show import value_at
from device.errors import SettingsError
from device.panel.messages import Offer
from device.private_file import write_private

log = logging.getLogger(__name__)

LIVE = ("voice.volume", "talk.mode", "talk.patience_s", "system2.use")
"""The others need engines that are made anew."""


class Living(Protocol):
    """What is going on, as far as choices change it: the session."""

    @property
    def volume(self) -> int: ...

    def set_volume(self, percent: int) -> None: ...

    def set_talk(self, talk: Talk) -> None: ...

    @property
    def use(self) -> Use: ...

    def set_use(self, use: Use) -> None: ...


class Chosen:
    """Implements the page's `Choices`. Kept in `file`, which `config_load` reads above the settings file."""

    def __init__(self, settings: Settings, living: Living, file: Path) -> None:
        self._living = living
        self._file = file
        self._talk = settings.talk
        self._values: dict[str, str | int | float | bool] = {
            setting: value_at(settings, setting) for setting in CHOSEN
        }

    def offers(self) -> tuple[Offer, ...]:
        """Each as it is now; what lives may have been changed by voice since."""
        values = {**self._values, "voice.volume": self._living.volume, "system2.use": self._living.use}
        return tuple(self._offer(keys()[setting], values[setting]) for setting in CHOSEN)

    def choose(self, setting: str, value: int | float | str) -> None:
        """Raises SettingsError for any other setting, and for a value that it cannot be."""
        if setting not in CHOSEN:
            raise SettingsError(f"{setting} is not chosen on the page.")
        key = keys()[setting]
        try:
            taken = key.convert(value, from_text=False)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{setting} must be {key.allowed}.") from error
        self._values[setting] = taken
        self._apply(setting, taken)
        self._keep(setting, taken)

    def _apply(self, setting: str, value: str | int | float | bool) -> None:
        if setting == "voice.volume":
            self._living.set_volume(int(value))
        elif setting == "system2.use":
            self._living.set_use(cast("Use", value))
        elif setting.startswith("talk."):
            self._talk = msgspec.structs.replace(self._talk, **{setting.removeprefix("talk."): value})
            self._living.set_talk(self._talk)

    def _keep(self, setting: str, value: str | int | float | bool) -> None:
        """What cannot be kept is in force all the same, until the next start."""
        try:
            write_private(self._file, _as_file({**read_chosen(self._file), setting: value}).encode())
        except OSError as error:
            log.warning("%s was chosen, but cannot be kept: %s", setting, error.strerror)

    def _offer(self, key: Key, value: str | int | float | bool) -> Offer:
        kind = inspect.type_info(key.annotation)
        least = most = None
        if isinstance(kind, inspect.IntType | inspect.FloatType):
            least, most = kind.ge, kind.le
        return Offer(key.path, value, least, most, key.choices, live=key.path in LIVE)


def _as_file(values: Mapping[str, str | int | float | bool]) -> str:
    lines = [f"{setting} = {as_toml(value)}" for setting, value in values.items()]
    return "\n".join(["# Chosen on the page. Delete this file to go by the settings alone.", *lines, ""])
