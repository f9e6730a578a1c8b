"""Where things lie on this machine: pure functions of the environment, nothing is created here."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

SYSTEM_SETTINGS = Path("/etc/twominds/twominds.toml")


def settings_file(env: Mapping[str, str], system: Path = SYSTEM_SETTINGS) -> Path | None:
    """The one settings file that counts: `TWOMINDS_CONFIG`, else the person's own, else the system's.

    A file named by `TWOMINDS_CONFIG` is returned whether it exists or not; None means that none is there.
    """
    if named := env.get("TWOMINDS_CONFIG"):
        return Path(named)
    own = _home(env, "XDG_CONFIG_HOME", ".config") / "twominds" / "twominds.toml"
    return next((file for file in (own, system) if file.is_file()), None)


def state_directory(env: Mapping[str, str]) -> Path:
    """Where the device keeps what outlives a start; a service manager names it in `STATE_DIRECTORY`."""
    if given := env.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    return _home(env, "XDG_STATE_HOME", ".local/state") / "twominds"


def chosen_file(env: Mapping[str, str]) -> Path:
    """What was chosen on the page."""
    return state_directory(env) / "chosen.toml"


def panel_directory(env: Mapping[str, str]) -> Path:
    """The page's token, and its key and certificate for the local network."""
    return state_directory(env) / "panel"


def _home(env: Mapping[str, str], variable: str, otherwise: str) -> Path:
    """A base directory by the XDG specification: a relative path does not count."""
    given = Path(env.get(variable, ""))
    return given if given.is_absolute() else Path(env.get("HOME") or Path.home()) / otherwise
