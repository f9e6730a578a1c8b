"""Lengths of time and times of day as they are said (English): "an hour and a half", "half past six".

Both readers take normalised words and give back what is left of them, so that a label can be found
in the rest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from device.brain.numerals import with_digits


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time that was said."""

    seconds: int
    rest: str
    """The words without it, numbers in digits."""


class Half(Enum):
    """Which half of the day a time on a twelve-hour clock is in."""

    UNSAID = ""
    AM = "am"
    PM = "pm"
    NIGHT = "night"
    """Before midnight or after it, whichever the hour allows."""
    WHOLE_DAY = "24"
    """The hour is one of 24."""


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A time of day that was said."""

    hour: int
    minute: int
    half: Half
    day: str
    """"" if none was said, "today", "tomorrow", "overmorrow" or a weekday."""
    rest: str
    """The words without it, numbers in digits."""


# --- lengths of time -----------------------------------------------------------------------------

_UNIT_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_UNIT = r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|weeks?)"
_COUNT = (
    r"(?:(?:an? |1 )?half(?: an?)?|(?:an? |1 )?quarter(?: of)?(?: an?)?|3 quarters of an?|"
    r"(?:an? )?couple(?: of)?|\d+(?:\.\d+)?|an?|another)"
)
_AND_A_HALF = r"(?: and (?:a|1) half)"
_PART = rf"{_COUNT}{_AND_A_HALF}? {_UNIT}{_AND_A_HALF}?"
_LENGTH = re.compile(
    rf"(?:\b(?:in|for|of|after|at|to|another) )?\b({_PART}(?:(?: and)? {_PART})*)"
    r"( (?:and )?\d{1,2}$)?(?= |$)"
)
_EACH_PART = re.compile(rf"({_COUNT})({_AND_A_HALF})? ({_UNIT})({_AND_A_HALF})?(?= |$)")
_SECOND_ONE = re.compile(r"\b(?:a|another|the|my) second (?=\w+ timer|timer|alarm|reminder)")
"""One more, not one second."""


def length_of_time(words: str) -> Length | None:
    """The first length of time in normalised words, to the nearest second; it may be 0."""
    said = with_digits(_SECOND_ONE.sub("", words.replace(" - ", " ")))
    found = _LENGTH.search(said)
    if found is None:
        return None
    parts = _EACH_PART.findall(found[1])
    seconds = sum(
        (_count(count) + 0.5 * bool(before or after)) * _UNIT_S[unit[0]]
        for count, before, unit, after in parts
    )
    if found[2]:  # "an hour and twenty", "one minute thirty"
        seconds += int(found[2].split()[-1]) * {"h": 60, "m": 1}.get(parts[-1][2][0], 0)
    return Length(round(seconds), _without(said, [found.span()]))


def _count(said: str) -> float:
    if "half" in said:
        return 0.5
    if "quarters" in said:
        return 0.75
    if "quarter" in said:
        return 0.25
    if "couple" in said:
        return 2
    return float(said) if said[0].isdigit() else 1


# --- times of day --------------------------------------------------------------------------------

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_TOMORROW = r"tom+or+ow"
_DAY = rf"(?:day after {_TOMORROW}|{_TOMORROW}|today|tonight|{'|'.join(WEEKDAYS)})"
_AT = r"(?:(?:at|by|around|about|for|from|to|until|till) )?"
_HALF = r"(?P<half> ?(?:am|pm|a m|p m))"
_UNSAID = r"(?P<half>)"
_NAMED = r"(?:noon|midday|mid day|midnight)"
_HOUR = r"(?P<hour>\d{1,2})"
_NO_LENGTH = r"\b(?! minute| hour| second)"
_PART_WORDS = r"(?:morning|afternoon|evening|night)"
_MAY_FOLLOW = rf"(?= (?:on |this |in the |next |please)?{_DAY}| (?:in the|this|at night|sharp|please)|$)"
"""After "for 7": a day or nothing, and not "people"."""
_CLOCK_TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_AT}half (?:past )?{_HOUR}{_HALF}?{_NO_LENGTH}",
        rf"\b{_AT}(?P<minutes>\d{{1,2}}|(?:a )?quarter|half)(?: minutes?)? "
        rf"(?P<side>past|after|to|till|til|before) (?P<hour>\d{{1,2}}|{_NAMED}){_HALF}?\b",
        rf"\b{_AT}(?:12 )?(?P<hour>{_NAMED})\b{_UNSAID}",
        rf"\b{_AT}{_HOUR} (?:oh |o |0 )?(?P<minute>\d{{1,2}}){_HALF}?{_NO_LENGTH}",
        rf"\b{_AT}{_HOUR}(?P<minute>\d\d){_HALF}\b",
        rf"\b{_AT}{_HOUR}(?P<minute>\d\d){_UNSAID}(?= hours| in the)\b",
        rf"\b{_AT}{_HOUR}{_HALF}\b",
        rf"\b{_AT}{_HOUR}(?: oclock| o clock)\b{_UNSAID}",
        rf"\b{_AT}{_HOUR}{_UNSAID}(?= (?:{_DAY} |in the |this ){_PART_WORDS}\b)",
        rf"\b(?:at|by|around) {_HOUR}(?P<minute>\d\d)?{_UNSAID}\b(?! {_UNIT})",
        rf"\b(?:for|about|until|till) {_HOUR}(?P<minute>\d\d)?{_UNSAID}\b{_MAY_FOLLOW}",
    )
)
"""The surest first."""
_PART_OF_DAY = re.compile(
    rf"\b(?:in the|this|at|(?:on )?{_DAY}(?: in the)?) (?P<part>{_PART_WORDS})\b|\btonight\b"
)
_ON_DAY = re.compile(rf"\b(?:on |the |for |this |next )*{_DAY}(?:'?s)?\b")
_DECIMAL_CLOCK = re.compile(r"\b(\d{1,2})\.(\d\d)\b")


def time_of_day(words: str) -> TimeOfDay | None:
    """The time of day in normalised words, the surest wording first."""
    said = with_digits(_DECIMAL_CLOCK.sub(r"\1 \2", words.replace(" - ", " ")))
    found = next((match for pattern in _CLOCK_TIMES if (match := _possible(pattern, said))), None)
    if found is None:
        return None
    hour, minute = _hour_and_minute(found)
    part = _PART_OF_DAY.search(said)
    day = _ON_DAY.search(said)
    spans = [match.span() for match in (found, part, day) if match]
    return TimeOfDay(hour, minute, _half(hour, found, part), _day(said), _without(said, spans))


def _possible(pattern: re.Pattern[str], said: str) -> re.Match[str] | None:
    """The first match that is a time on a clock."""
    for found in pattern.finditer(said):
        hour, minute = _hour_and_minute(found)
        if 0 <= hour < 24 and 0 <= minute < 60:
            return found
    return None


def _hour_and_minute(found: re.Match[str]) -> tuple[int, int]:
    said = found.groupdict()
    hour = int(said["hour"]) if said["hour"].isdigit() else 12
    hour = 0 if hour == 24 else hour
    if "minutes" in said:
        minutes = {"quarter": 15, "half": 30}.get(said["minutes"].removeprefix("a "), 0)
        minutes = minutes or int(said["minutes"])
        if said["side"] in ("past", "after"):
            return hour, minutes
        return ((hour - 1) % 12 or 12) if hour <= 12 else hour - 1, 60 - minutes
    if "minute" in said:
        return hour, int(said["minute"] or 0)
    return hour, 30 if "half " in found[0] else 0


def _half(hour: int, found: re.Match[str], part: re.Match[str] | None) -> Half:
    if hour > 12 or hour == 0:
        return Half.WHOLE_DAY
    if "midnight" in found[0]:
        return Half.NIGHT
    if re.search(r"noon|mid ?day", found[0]):
        return Half.PM if hour == 12 and "to " not in found[0] else Half.AM
    if said := (found["half"] or "").replace(" ", ""):
        return Half(said)
    if part is None:
        return Half.UNSAID
    return {"morning": Half.AM, "afternoon": Half.PM, "evening": Half.PM}.get(part["part"] or "", Half.NIGHT)


def _day(said: str) -> str:
    if re.search(rf"\bday after {_TOMORROW}\b", said):
        return "overmorrow"
    if re.search(rf"\b{_TOMORROW}", said):
        return "tomorrow"
    if re.search(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", said):
        return "today"
    return next((day for day in WEEKDAYS if re.search(rf"\b{day}", said)), "")


def _without(said: str, spans: list[tuple[int, int]]) -> str:
    """The text without what lies in the spans, which may overlap."""
    left = [letter for at, letter in enumerate(said) if not any(start <= at < end for start, end in spans)]
    return " ".join("".join(left).split())
