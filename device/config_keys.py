"""The settings tree as a flat list: every key with its path, its type in words, and its default."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

from device.config import Section, Settings

PREFIX = "TWOMINDS_"

CHOSEN = ("voice.volume", "talk.mode", "talk.patience_s", "system2.use", "voice.words_per_minute")
"""What a person may choose on the page. Never consent, what limits anybody, nor where anything is."""


@dataclass(frozen=True, slots=True)
class Key:
    """One setting."""

    path: str
    """Dotted, as in `talk.mode`."""
    annotation: Any
    default: str | int | float | bool

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return PREFIX + self.path.upper().replace(".", "__")

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it may be, where only some are possible."""
        words = get_args(self.annotation) if get_origin(self.annotation) is Literal else ()
        return tuple(str(word) for word in words)

    @property
    def allowed(self) -> str:
        """What it may be, for a person: `hold or toggle`, `a number from 0.3 to 5`."""
        kind = inspect.type_info(self.annotation)
        match kind:
            case inspect.LiteralType():
                *others, last = (choice or "empty" for choice in self.choices)
                return f"{', '.join(others)} or {last}" if others else last
            case inspect.BoolType():
                return "true or false"
            case inspect.IntType():
                return "a whole number" + _range(kind)
            case inspect.FloatType():
                return "a number" + _range(kind)
            case _:
                return "text"

    def convert(self, value: object, *, from_text: bool) -> str | int | float | bool:
        """The value in its type; `from_text` reads it out of a word. Raises msgspec.ValidationError."""
        converted = msgspec.convert(value, self.annotation, strict=not from_text)
        if isinstance(converted, float) and not math.isfinite(converted):
            raise msgspec.ValidationError("not a finite number")
        return converted  # type: ignore[no-any-return]  # the annotation is only known here


@functools.cache
def keys() -> dict[str, Key]:
    """All settings by path, in the order of the tree."""
    return {key.path: key for key in _walk(Settings, "")}


@functools.cache
def tables() -> tuple[str, ...]:
    """The paths of the tables, as in `talk`."""
    return tuple(
        dict.fromkeys(path[:at] for path in keys() for at, letter in enumerate(path) if letter == ".")
    )


def as_toml(value: str | int | float | bool) -> str:
    """A value as TOML writes it; JSON's strings and numbers are TOML's, but for the DEL character."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _walk(section: type[Section], prefix: str) -> Iterator[Key]:
    annotations = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        annotation = annotations[field.name]
        if isinstance(annotation, type) and issubclass(annotation, Section):
            yield from _walk(annotation, f"{prefix}{field.name}.")
        else:
            yield Key(prefix + field.name, annotation, field.default)


def _range(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is None or kind.le is None:
        return ""
    return f" from {kind.ge:g} to {kind.le:g}"
