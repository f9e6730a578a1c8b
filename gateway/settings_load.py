"""Reads the gateway's settings: one TOML file, the environment over it; problems in words."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from device.errors import SettingsError
from gateway.settings import Listen, Remote, Section, Settings

PREFIX = "GATEWAY_"
NOT_SETTINGS = frozenset({"GATEWAY_CONFIG"})
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`(?: - at `\$\.?(?P<table>[^`]*)`)?")


def load(file: Path | None, env: Mapping[str, str]) -> Settings:
    """The settings of a file (None: of no file) and the environment. Raises SettingsError."""
    tree = _parse(file) if file else {}
    for path, word in _from_environment(env):
        _put(tree, path, word)
    try:
        settings = msgspec.convert(tree, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(_sentence(str(error))) from error
    _check_listening(settings)
    return settings


def keys() -> dict[str, object]:
    """Every setting's path and its default, in the order of the tree."""
    return dict(_walk(Settings, ""))


def secret(of: Remote, env: Mapping[str, str]) -> str:
    """The key for an endpoint; "" where none is named. Raises SettingsError."""
    if of.key_file:
        try:
            return Path(of.key_file).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"The key file {of.key_file} cannot be read.") from error
    if of.key_variable and of.key_variable not in env:
        raise SettingsError(f"The environment variable {of.key_variable} is to hold a key, and is not set.")
    return env.get(of.key_variable, "")


def data_folder(settings: Settings, env: Mapping[str, str]) -> Path:
    """Where the database and the token lie: as set, systemd's state directory, or the user's."""
    if settings.data:
        return Path(settings.data).expanduser()
    if given := env.get("STATE_DIRECTORY"):
        return Path(given.partition(":")[0]) / "gateway"
    state = env.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "twominds-gateway"


def settings_file(env: Mapping[str, str]) -> Path | None:
    """The file that GATEWAY_CONFIG names, or `gateway.toml` where twominds' settings lie, if it is there."""
    if named := env.get("GATEWAY_CONFIG"):
        return Path(named)
    own = Path(env.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "twominds" / "gateway.toml"
    return own if own.is_file() else None


def is_loopback(host: str) -> bool:
    """A name is not trusted to be loopback, except the one that always is."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _parse(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8-sig"))
    except OSError as error:
        raise SettingsError(
            f"The settings file {file} cannot be read: {os.strerror(error.errno or 0)}."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"The settings file {file} is not TOML: {error}.") from error


def _from_environment(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    variables = {PREFIX + path.upper().replace(".", "__"): path for path in keys()}
    for name, word in env.items():
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        if name not in variables:
            raise SettingsError(f"There is no setting for the variable {name}.{_meant(name, [*variables])}")
        yield variables[name], word


def _put(tree: dict[str, Any], path: str, word: str) -> None:
    *tables, name = path.split(".")
    for table in tables:
        tree = tree.setdefault(table, {})
    tree[name] = word


def _walk(section: type[Section], prefix: str) -> Iterator[tuple[str, object]]:
    types = get_type_hints(section)
    for field in msgspec.structs.fields(section):
        kind = types[field.name]
        if isinstance(kind, type) and issubclass(kind, Section):
            yield from _walk(kind, f"{prefix}{field.name}.")
        else:
            yield prefix + field.name, field.default


def _sentence(problem: str) -> str:
    if unknown := _UNKNOWN.search(problem):
        path = ".".join(part for part in (unknown["table"], unknown["name"]) if part)
        return f"There is no setting {path}.{_meant(path, [*keys()])}"
    what, _, where = problem.partition(" - at `$.")
    return f"The setting {where.rstrip('`')} cannot be used: {what[0].lower()}{what[1:]}."


def _meant(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]}?" if close else " docs/gateway.md lists all of them."


def _check_listening(settings: Settings) -> None:
    listen = settings.listen
    if bool(listen.tls_certificate) != bool(listen.tls_key):
        raise SettingsError("listen.tls_certificate and listen.tls_key belong together: set both, or none.")
    if not is_loopback(listen.host) and not _protected(listen):
        raise SettingsError(
            f"listen.host is {listen.host}, which others can reach: set listen.tls_certificate and"
            " listen.tls_key, or listen.behind_proxy if a proxy before the gateway has them."
        )
    if settings.enrolment == "loopback" and listen.behind_proxy:
        raise SettingsError(
            "enrolment is loopback, but behind a proxy every device seems to come from this machine:"
            " set it to closed."
        )


def _protected(listen: Listen) -> bool:
    return bool(listen.tls_certificate) or listen.behind_proxy
