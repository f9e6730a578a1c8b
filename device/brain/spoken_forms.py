"""Times, dates and numbers the way they are said aloud (English)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from fractions import Fraction

_WORDS = (
    "twelve one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
).split()
_TENS = {20: "twenty", 30: "thirty", 40: "forty", 50: "fifty"}
_SIGNS = {
    "×": "times",
    "÷": "divided by",
    "+": "plus",
    "-": "minus",
    "%": "percent",
    "^": "to the power of",
    "√": "the square root of",
    "∛": "the cube root of",
    "!": "factorial",
}


def clock(at: time) -> str:
    """15:05 → "five past three in the afternoon"."""
    if at.minute == 0 and at.hour in (0, 12):
        return "midnight" if at.hour == 0 else "noon"
    hour, after = _WORDS[at.hour % 12], _WORDS[(at.hour + 1) % 12]
    minute = at.minute
    if minute == 0:
        said = f"{hour} o'clock"
    elif minute in (15, 30):
        said = f"{'quarter' if minute == 15 else 'half'} past {hour}"
    elif minute == 45:
        said = f"quarter to {after}"
    elif minute % 5 == 0:
        said = f"{_minutes(minute)} past {hour}" if minute < 30 else f"{_minutes(60 - minute)} to {after}"
    else:
        said = f"{hour} {'oh ' if minute < 10 else ''}{_minutes(minute)}"
    return f"{said} {_part_of_day(at.hour)}"


def _minutes(minute: int) -> str:
    if minute <= 20:
        return _WORDS[minute]
    tens = _TENS[minute // 10 * 10]
    return f"{tens}-{_WORDS[minute % 10]}" if minute % 10 else tens


def _part_of_day(hour: int) -> str:
    if hour < 5 or hour >= 21:
        return "at night"
    if hour < 12:
        return "in the morning"
    return "in the afternoon" if hour < 18 else "in the evening"


def day(of: date) -> str:
    """2026-03-03 → "Tuesday, the 3rd of March 2026"."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(of.day % 10 if of.day // 10 != 1 else 0, "th")
    return f"{of:%A}, the {of.day}{ending} of {of:%B} {of.year}"


def number(value: Fraction) -> str:
    """Exact if it is whole or has up to four decimals, else "about …"; a minus is said."""
    sign = "minus " if value < 0 else ""
    value = abs(value)
    rounded = round(value, 4) if value >= Fraction(1, 100) or value == 0 else _three_figures(value)
    digits = (
        f"{float(rounded):.12f}".rstrip("0").rstrip(".")
        if rounded.denominator > 1
        else str(rounded.numerator)
    )
    return f"{'' if rounded == value else 'about '}{sign}{digits}"


def _three_figures(value: Fraction) -> Fraction:
    return Fraction(f"{float(value):.3g}")


def sum_in_words(sum_: str) -> str:
    """A sum without brackets: "√ 16" → "the square root of 16", "20 % × 50" → "20 percent of 50"."""
    return " ".join(_SIGNS.get(sign, sign) for sign in sum_.replace("% ×", "percent of").split())


def length(seconds: int) -> str:
    """5400 → "one hour and thirty minutes"; the parts that are nothing are left out."""
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    parts = [_counted(hour, "hour"), _counted(minute, "minute"), _counted(second, "second")]
    return listed([part for part in parts if part]) or "no time"


_ABOUT = (("day", 86_400, 36 * 3600), ("hour", 3600, 3570), ("minute", 60, 60), ("second", 1, 0.5))
"""Units, their seconds, and from how many on they are used."""


def about(seconds: float) -> str:
    """A length that need not be exact, in its largest unit: 7100 → "two hours"."""
    for unit, unit_s, from_s in _ABOUT:
        if seconds >= from_s:
            return _counted(max(1, round(seconds / unit_s)), unit)
    return "a moment"


def listed(parts: Sequence[str]) -> str:
    """ "one", "one and two", "one, two and three"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _counted(count: int, unit: str) -> str:
    """ "one hour", "two hours"; "" for none. Beyond 59 in digits."""
    if not count:
        return ""
    said = "one" if count == 1 else _minutes(count) if count < 60 else str(count)
    return f"{said} {unit}{'' if count == 1 else 's'}"
