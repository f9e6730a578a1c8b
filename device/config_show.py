"""Shows the settings in force: a TOML file that would give them again, with where each came from."""

from __future__ import annotations

import functools

from device.config import Settings
from device.config_keys import as_toml, keys
from device.config_load import Loaded


def as_file(loaded: Loaded) -> str:
    """Every setting; those that were given carry their file or variable as a comment."""
    lines: list[str] = []
    table = ""
    for path in keys():
        parent, _, name = path.rpartition(".")
        if parent != table:
            lines += ["", f"[{parent}]"]
            table = parent
        origin = loaded.origins.get(path)
        lines.append(
            f"{name} = {as_toml(value_at(loaded.settings, path))}" + (f"  # {origin}" if origin else "")
        )
    return "\n".join(lines) + "\n"


def value_at(settings: Settings, path: str) -> str | int | float | bool:
    """The value under a dotted path."""
    return functools.reduce(getattr, path.split("."), settings)  # type: ignore[return-value]  # a leaf
