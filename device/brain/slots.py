"""What a recognised request asks for in particular: place, day, sum, loudness, dice, topic.

Each function takes the slots that a template filled and the normalised words, and returns the slots
that the skill needs, or None when the words ask for something that the skill cannot do: the request
is then not recognised, which is better than a wrong answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from device.brain.arithmetic import read_sum
from device.brain.numerals import with_digits
from device.brain.places import Places
from device.brain.timer_slots import SET_A_TIMER, asked_slots, cancel_slots, set_slots

Slots = Mapping[str, str | int | float]
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class SlotFiller:
    """Fills the slots of the intents that have any, in one language."""

    places: Places

    def fill(self, intent: str, slots: Slots, words: str) -> Slots | None:
        """The complete slots of an intent, or None if the words ask for more than it can answer."""
        if intent in _ABOUT_THE_DEVICE and not _THE_DEVICE.search(words):
            return None
        if intent in _PLAIN and _FAVORITE.search(words):
            return None
        if intent in ("yes", *_TO_DO) and _ABOUT_DOING.search(words):
            return None
        if intent in _TO_DO and _NOT_WANTED.search(words):
            return None
        if intent == "time":
            return _time(slots, words, self.places)
        if intent in SET_A_TIMER:
            return set_slots(intent, words)
        filler = _FILLERS.get(intent)
        return filler(slots, words) if filler else slots


_ABOUT_THE_DEVICE = frozenset({"maker", "origin", "age", "hobbies", "boss"})
_THE_DEVICE = re.compile(r"\b(you|your|yours|yourself|u|ai|ais|al|robot|bot)\b")
"""Questions about the device name it: "who made this sandwich" asks about something else."""

_PLAIN = frozenset({"maker", "origin", "age", "boss", "who_are_you"})
_FAVORITE = re.compile(r"\bfavorite\b")

_TO_DO = frozenset({"joke", "fact", "story", "coin", "dice"})
_ABOUT_DOING = re.compile(
    r"^(?:how (?:do|to|does|much|many|can|is|are)|why|who|where|which|is|was|are(?! you)|did)\b"
)
"""A question about jokes or coins is not a request for one, and no question is a yes."""
_NOT_WANTED = re.compile(
    r"\b(?:(?:do|did) not (?:want|tell|say|flip|toss|roll|throw|need|give)|never|stop|no more)\b"
)
"""Nor is "don't tell me a joke"."""


# --- time ------------------------------------------------------------------------------------------

_HERE = frozenset(
    {"here", "moment", "my area", "my city", "my time zone", "my location", "this place", "our city"}
    | {
        "home",
        "my home",
        "my house",
        "our house",
        "this house",
        "my room",
        "this room",
        "school",
        "my school",
    }
)
_ZONE_WORDS = re.compile(
    r"(?:^the | (?:time ?zone|time|right now|now|currently|exactly|at the moment|today)(?= |$))"
)
_WHERE = re.compile(r"(?:^| )(?:in|at|for|on) (?:the )?(.+)$")
_NOT_A_CLOCK = re.compile(
    r"\b(open|close[sd]?|flight|leave|arrive|meeting|appointment|start|begin|end|alarm|timer|bed|sunset|sunrise|"
    r"zone is|zone of|zone for|difference|dinner|lunch|game|show|movie|take|long|should|schedule|"
    r"ago|was it|will it|later)\b"
)


def _time(slots: Slots, words: str, places: Places) -> Slots | None:
    """{} for here, else `place` as it is spoken and its `zone`; a place nobody knows has no zone."""
    if _NOT_A_CLOCK.search(words):
        return None
    asked = str(slots.get("place") or slots.get("city") or "")
    if not asked:
        found = _WHERE.search(words)
        asked = found[1] if found else ""
    named = places.find(asked or words)
    if named:
        return {"place": named.name, "zone": named.zone}
    unknown = _ZONE_WORDS.sub("", asked).strip()
    return {"place": unknown} if unknown and unknown not in _HERE else {}


# --- date ------------------------------------------------------------------------------------------

_IN_DAYS = re.compile(
    r"\b(?:in|after) (?:another )?(\d{1,5}) days?\b|\b(\d{1,5}) days? (?:from|after)|"
    r"\b(\d{1,5}) days? (?:ago|before)"
)
_WEEKS = re.compile(r"\b(\d{1,4}|a|an?other) weeks?\b")
_OTHER_SPAN = re.compile(
    r"\b(?:in|after|next|last|past) (?:a |an |another |one |\d+ )?(?:weeks?|months?|years?)\b"
)
"""Months are not all alike, and "next week" is no day."""
_DATE_WORDS = frozenset(
    "a an the and or of to in on at for from by as with it its is are was be being been will would "
    "can could may might should shall do does did have has got get getting give i you we me us my "
    "your our am so hey hi hello please thanks thank excuse sorry just again maybe tell telling say "
    "says show share see read check find look up out ask let need needing want wanting like know "
    "knowing wonder wondering curious mind help information info about what which when how that this "
    "there here now right current currently moment today exact exactly precise precisely actual "
    "actually real quick quickly robot ai computer if date dates day days today's tomorrow tomorrow's "
    "yesterday yesterday's after next full month year week weekday calendar calender remind going".split()
)
"""A question for the date is made of these words; any other word asks for another date."""


def _date(slots: Slots, words: str) -> Slots | None:
    """`days` from today, or the `weekday` that comes next."""
    if "days" in slots or "weekday" in slots:
        return slots
    words = _WEEKS.sub(
        lambda weeks: f"{7 * int(weeks[1] if weeks[1].isdigit() else 1)} days", with_digits(words)
    )
    if _OTHER_SPAN.search(words):
        return None
    if found := _IN_DAYS.search(words):
        ahead, ahead_too, ago = found.groups()
        days = -int(ago) if ago else int(ahead or ahead_too)
        return {"days": days} if abs(days) <= 36_500 else None
    named = [day for day in _WEEKDAYS if re.search(rf"\b{day}\b", words)]
    asks_whether = re.search(r"^(?:is|was) |\b(?:today|tomorrow|yesterday)\b", words)
    if len(named) == 1 and not asks_whether:
        return {"weekday": named[0]} if _date_words_only(words.replace(named[0], "")) else None
    if not _date_words_only(" ".join(word for word in words.split() if word not in named)):
        return None
    if "day after tomorrow" in words:
        return {"days": 2}
    return {"days": 1 if re.search(r"\b(tomorrow|next day)", words) else -1 if "yesterday" in words else 0}


def _date_words_only(words: str) -> bool:
    return _DATE_WORDS.issuperset(words.split())


# --- arithmetic ------------------------------------------------------------------------------------

_AROUND_SUM = frozenset(
    "what is are the answer to can could would will you tell me how much calculate compute solve work "
    "out find give provide i want need know result value do does get if when for please equal equals "
    "make makes it be let us now total amount number math problem help with figure question so then "
    "thanks thank that this my see".split()
)
"""Words that may stand before or after a sum without being part of it."""
_SHORTHAND = frozenset({"9 ÷ 11", "24 ÷ 7"})
"""Written like sums, meant as names."""


def _arithmetic(slots: Slots, words: str) -> Slots | None:
    """`sum` in canonical form; {} when help with sums is asked for without one."""
    found = read_sum(_inside(words))
    if found and found not in _SHORTHAND:
        return {"sum": found}
    if (
        slots
        or re.search(r"\d", with_digits(words))
        or not re.search(r"\b(math|maths|sums?|algebra)\b", words)
    ):
        return None
    return {}


def _inside(words: str) -> str:
    parts = words.split()
    while parts and parts[0] in _AROUND_SUM:
        del parts[0]
    while parts and parts[-1] in _AROUND_SUM:
        del parts[-1]
    return " ".join(parts)


# --- volume ----------------------------------------------------------------------------------------

_UP = re.compile(
    r"\b(up|louder|loud enough|increase[ds]?|raise[ds]?|rise|boost(ed)?|bumped|higher|greater|"
    r"too (low|quiet|soft)|cannot hear|more volume)\b"
)
_DOWN = re.compile(
    r"\b(down|quieter|softer|quietly|softly|decrease[ds]?|lower(ed)?|reduce[ds]?|limit|too loud|less loud)\b"
)
_FULL = re.compile(r"\b(maximum|max|full|loudest|highest|all the way up)\b")
_TO_NUMBER = re.compile(r"\b(?:to|at|on|level|number|is|be) (?:level |number |about |a )?\d")
"""Loudness is set to such a number, not moved by it."""
_LEAST = re.compile(r"\b(minimum|lowest|quietest|all the way down)\b")


def _volume(slots: Slots, words: str) -> Slots | None:
    """`percent` to set, or `change` "up" or "down", `by` so many percent if that is said.

    Up to 10 without "percent" is a dial from 0 to 10.
    """
    words = with_digits(words)
    up, down = bool(_UP.search(words)), bool(_DOWN.search(words))
    if "percent" in slots and up != down and " by " in words:
        return {"change": "up" if up else "down", "by": _points(int(float(slots["percent"])), words)}
    if "percent" in slots:
        return {"percent": _dial(int(float(slots["percent"])), words, "percent" in slots)}
    if "change" in slots:
        return slots
    numbers = re.findall(r"\b\d{1,3}\b", words)
    if re.search(r"\bminus\b|-", words):
        return None
    if len(numbers) == 1 and up != down and not _TO_NUMBER.search(words):
        return {"change": "up" if up else "down", "by": _points(int(numbers[0]), words)}
    if len(numbers) == 1 and int(numbers[0]) <= 100:
        return {"percent": _dial(int(numbers[0]), words, False)}
    if numbers:
        return None
    if _FULL.search(words):
        return {"percent": 100}
    if _LEAST.search(words):
        return {"percent": 10}
    return None if up == down else {"change": "up" if up else "down"}


def _points(number: int, words: str) -> int:
    """By how many percent: "up by 2" is two steps of a dial, "up by 20" is 20 percent."""
    return number if number >= 10 or "percent" in words or "%" in words else 10 * number


def _dial(number: int, words: str, fixed: bool) -> int:
    said = re.search(rf"\b{number}\b", words)
    on_the_dial = number <= 10 and "percent" not in words and "%" not in words and (said or not fixed)
    return 10 * number if on_the_dial else number


# --- dice, coins, and what to tell about -----------------------------------------------------------


def _dice(slots: Slots, words: str) -> Slots | None:
    """`sides` (6 unless said) and `dice` (1 unless said)."""
    words = with_digits(words)
    sides = re.search(r"\b(\d+) ?(?:sided|sides)\b|\bd ?(\d+)\b", words)
    number = re.search(r"\b(?:roll|throw|toss) (?:me )?(\d+) (?:(?:\d+ sided )?(?:dice|die)|d \d)", words)
    span = re.search(r"\b(?:1 (?:to|and|through) )(\d+)\b", words)
    if not span and re.search(r"\b\d+ (?:to|and|through) \d+\b", words):
        return None  # no die begins with another number than one
    filled = {
        "sides": int(float(slots.get("sides", 0)))
        or int((sides and (sides[1] or sides[2])) or (span and span[1]) or 6),
        "dice": int(float(slots.get("dice", 0)))
        or (2 if " pair of " in words else int(number[1]) if number else 1),
    }
    return filled if 2 <= filled["sides"] <= 1000 and 1 <= filled["dice"] <= 10 else None


_CALLED = re.compile(
    r"\bi (?:will |am )?(?:call|choose|take|pick|select|say|have|want|calling|choosing) (heads|tails)\b"
)


def _coin(slots: Slots, words: str) -> Slots | None:
    """The side that the person `called`, if any."""
    if re.search(r"\b(table|pancakes?|page|switch|house|burger|bottle|bird|hair)\b", words):
        return None
    found = _CALLED.search(words)
    return {"called": found[1]} if found else {}


_TOPIC = re.compile(r"\b(?:about|on|regarding|concerning|relating to|related to|involving) (.+)$")
_FOR_ANOTHER = re.compile(r"\b(?:tell|give|send|read|text) (?:my|him|her|them|mom|mum|dad|grandma)\b")


def _topic(slots: Slots, words: str) -> Slots | None:
    """`topic`, when one is named."""
    if _FOR_ANOTHER.search(words):
        return None
    found = _TOPIC.search(f"about {slots['topic']}" if "topic" in slots else words)
    return {"topic": found[1]} if found else {}


_FILLERS: Mapping[str, Callable[[Slots, str], Slots | None]] = {
    "date": _date,
    "arithmetic": _arithmetic,
    "volume": _volume,
    "coin": _coin,
    "dice": _dice,
    "joke": _topic,
    "fact": _topic,
    "story": _topic,
    "timers": lambda _, words: asked_slots(words),
    "timers_cancel": lambda _, words: cancel_slots(words),
}
