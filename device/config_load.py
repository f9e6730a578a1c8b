"""Reads the settings: one TOML file, what was chosen on the page, the environment; every problem in words."""

from __future__ import annotations

import contextlib
import difflib
import logging
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from device.config import Settings
from device.config_keys import CHOSEN, PREFIX, Key, as_toml, keys, tables
from device.errors import SettingsError

log = logging.getLogger(__name__)

NOT_SETTINGS = frozenset({"TWOMINDS_CONFIG"})
"""Variables with our prefix that say where to look, not how to behave."""


CHARACTER = ("character.name", "character.persona", "character.safety", "language")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and where each that was given came from."""

    settings: Settings
    origins: Mapping[str, str]
    """Path to file name or variable name; what is not in here has its default."""


@dataclass(slots=True)
class _Reading:
    values: dict[str, str | int | float | bool] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def load(file: Path | None, env: Mapping[str, str], chosen: Path | None = None) -> Loaded:
    """The settings of a file (None: of no file), over them what was chosen on the page, and the environment.

    Raises SettingsError with one line for every problem there is.
    """
    reading = _read(file, env, chosen)
    if reading.problems:
        raise SettingsError("\n".join(reading.problems))
    return Loaded(msgspec.convert(_tree(reading.values), Settings), reading.origins)


def check(file: Path | None, env: Mapping[str, str]) -> list[str]:
    """The problems that `load` would raise, a sentence each."""
    return _read(file, env, None).problems


def read_chosen(file: Path) -> dict[str, str | int | float | bool]:
    """What was chosen on the page and may be: a damaged file, or a line that is none, is left aside."""
    try:
        given = dict(_leaves(tomllib.loads(file.read_text("utf-8")), ""))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        log.warning("what was chosen on the page cannot be read and is left aside: %s", file)
        return {}
    taken: dict[str, str | int | float | bool] = {}
    for path in CHOSEN:
        with contextlib.suppress(msgspec.ValidationError, KeyError):
            taken[path] = keys()[path].convert(given[path], from_text=False)
    return taken


def _read(file: Path | None, env: Mapping[str, str], chosen: Path | None) -> _Reading:
    reading = _Reading()
    if file is not None:
        try:
            given = _parse(file)
        except SettingsError as problem:
            reading.problems.append(str(problem))
        else:
            _take_file(reading, given, str(file))
    if chosen is not None:
        values = read_chosen(chosen)
        reading.values |= values
        reading.origins |= dict.fromkeys(values, str(chosen))
    _take_environment(reading, env)
    _take_character(reading, file)
    return reading


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))  # some editors begin with a mark
    except FileNotFoundError as error:
        raise SettingsError(f"There is no settings file {file}.") from error
    except OSError as error:
        raise SettingsError(f"The settings file {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"The settings file {file} is not UTF-8 text.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.") from error


def _take_file(reading: _Reading, given: Mapping[str, Any], origin: str) -> None:
    for path, value in _leaves(given, ""):
        if key := keys().get(path):
            _take(reading, key, value, origin, from_text=False)
        elif path in tables():
            reading.problems.append(
                f"{path} is {_shown(value)} in {origin}, but it is a table of settings: "
                f"write [{path}] and its settings below."
            )
        else:
            reading.problems.append(
                f"There is no setting {path} (in {origin}). {_meant(path, [*keys(), *tables()])}"
            )


def _take_character(reading: _Reading, file: Path | None) -> None:
    """The character's own file, if one is named: it says what neither the file nor the environment says."""
    named = str(reading.values.get("character.file", ""))
    if not named:
        return
    beside = file.parent if file and reading.origins["character.file"] == str(file) else Path()
    character = _Reading()
    try:
        given = _parse(beside / Path(named).expanduser())
    except SettingsError as problem:
        reading.problems.append(f"character.file: {problem}")
        return
    for path, value in _leaves(given, ""):
        if key := _character().get(path):
            _take(character, key, value, named, from_text=False)
        else:
            meant = _meant(path, list(_character()), otherwise="docs/characters.md lists what it may hold.")
            character.problems.append(f"There is no {path} in a character (in {named}). {meant}")
    reading.problems += character.problems
    reading.values = character.values | reading.values
    reading.origins = character.origins | reading.origins


def _character() -> dict[str, Key]:
    """What a character's own file may hold, by its name there; everything else is the device's."""
    own = {path.removeprefix("character."): key for path, key in keys().items() if path in CHARACTER}
    voice = {path: key for path, key in keys().items() if path.startswith(("voice.", "piper."))}
    return own | voice


def _take_environment(reading: _Reading, env: Mapping[str, str]) -> None:
    variables = {key.variable: key for key in keys().values()}
    for variable, word in env.items():
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if key := variables.get(variable):
            _take(reading, key, word, variable, from_text=True)
        else:
            meant = _meant(variable, [*variables, *NOT_SETTINGS])
            reading.problems.append(f"There is no setting for the environment variable {variable}. {meant}")


def _take(reading: _Reading, key: Key, value: object, origin: str, *, from_text: bool) -> None:
    try:
        reading.values[key.path] = key.convert(value, from_text=from_text)
    except msgspec.ValidationError:
        problem = f"{key.path} is {_shown(value)} in {origin}, but must be {key.allowed}."
        close = difflib.get_close_matches(str(value), key.choices, n=1, cutoff=0.5)
        reading.problems.append(problem + (f" Did you mean {close[0]}?" if close else ""))
    else:
        reading.origins[key.path] = origin


def _leaves(given: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Every value of a parsed file with its path; only tables that we know are opened."""
    for name, value in given.items():
        path = prefix + name
        if isinstance(value, dict) and path in tables():
            yield from _leaves(value, path + ".")
        else:
            yield path, value


def _meant(name: str, known: list[str], otherwise: str = "`twominds config show` lists all settings.") -> str:
    """A suggestion: the name that looks most alike, or else where all of them stand."""
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else otherwise


def _shown(value: object) -> str:
    text = as_toml(value) if isinstance(value, str | int | float) else repr(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _tree(values: Mapping[str, object]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for path, value in values.items():
        *parents, name = path.split(".")
        table = tree
        for parent in parents:
            table = table.setdefault(parent, {})
        table[name] = value
    return tree
