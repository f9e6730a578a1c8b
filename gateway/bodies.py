"""What the reports of the device channel carry where the gateway acts on it: checked, clamped. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from device.link.native import LONGEST_WORDS, Name, TurnId

Id = Annotated[str, Meta(min_length=1, max_length=128)]
LEAST_S = 3600.0
"""A question that seems to have expired already has this long: it may be the device's clock that is wrong."""

T = TypeVar("T")


class Alert(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody may be in need. Nothing else may be in it, and a category is a name: no words get in."""

    category: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,31}\Z")]
    at_utc: Annotated[str, Meta(max_length=40)]


class PromisedQuestion(Struct, frozen=True, kw_only=True):
    """Something that a device has promised to find out."""

    question_id: Id
    text: Annotated[str, Meta(max_length=LONGEST_WORDS, pattern=r"\S")]
    language: Name = "en"
    expires_utc: Name = ""


class Erasure(Struct, frozen=True, kw_only=True):
    """What a device wants forgotten. Turns are (session id, turn number)."""

    all: bool = False
    turns: tuple[tuple[Name, TurnId], ...] = ()
    reports: tuple[Name, ...] = ()
    questions: tuple[Name, ...] = ()


def read(body: Mapping[str, Any], kind: type[T]) -> T | None:
    """The body as what it should be; None: it is not."""
    try:
        return msgspec.convert(body, kind)
    except msgspec.ValidationError:
        return None


def utc(text: str) -> str | None:
    """A time of ISO 8601 in UTC, to the second; None: it is no time."""
    when = _time(text)
    return when.isoformat(timespec="seconds") if when else None


def lasts_until(expires_utc: str, now: float, longest_s: float) -> float:
    """Until when a question waits, in seconds since 1970: what the device says, within what may be."""
    when = _time(expires_utc)
    if when is None:
        return now + longest_s
    return min(max(when.timestamp(), now + LEAST_S), now + longest_s)


def _time(text: str) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
