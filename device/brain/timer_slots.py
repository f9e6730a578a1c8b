"""What is asked for with timers, alarms and reminders: when, which, what for.

Slots of `timer`, `alarm` and `reminder`: `seconds`, or `hour`, `minute`, `half` and `day` (see
`spoken_times`); none of them when no time was said. `label` names a timer, or says what a reminder
is for, from the device's point of view. `cannot` is why it is not for this device: "repeat",
"several" or "far". Slots of `timers` and `timers_cancel`: what tells the ones that are meant from the
others, `kind`, `label` and the time, and `every` for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from device.brain.spoken_times import WEEKDAYS, length_of_time, time_of_day

Slots = Mapping[str, str | int | float]

SET_A_TIMER = frozenset({"timer", "alarm", "reminder"})
"""The intents that set one."""
LONGEST_LABEL = 80
"""Characters: more is hard to follow by ear."""

_ABOUT_RINGING = re.compile(
    r"\b(?:timers?|alarms?|remind(?:ers?|ed|ing)?|wake|waken|woken|count ?down|counting down|"
    r"alert|notif\w+|ring|beep|call me|get (?:me )?up|are up|is up|passed|let me know|"
    r"tell me (?:in|when|after|to)|forget)\b"
)
_REPEATS = re.compile(
    r"\b(?:(?:every|each) (?:other |single |\d+ )?(?:days?|mornings?|afternoon|evening|night|"
    rf"week|month|hours?|minutes?|year|{'|'.join(WEEKDAYS)})|daily|weekly|weekdays?|weekends|(?:{'|'.join(WEEKDAYS)})s|repeating|recurring)\b"
)
_SEVERAL = re.compile(
    r"\b(?:and (?:an?|another)(?: \w+)? (?:one|alarm|timer|set|for|at|reminder)|and another|"
    r"and (?:1|one) (?:at|for)|\d ?[ap]m\b.* and \d.*\d ?[ap]m\b|and (?:a|the) (?:second|next) |"
    r"(?:two|2|three|3|both|several|multiple) (?:\w+ )?(?:alarms|timers|reminders))"
)
_WORDS_AROUND_A_TIME = 3
"""More say something else."""
_ALL = re.compile(r"\b(?:all|every|both|everything|timers|alarms|reminders)\b")
_FAR = re.compile(
    r"\b(?:january|february|april|june|july|august|september|october|november|december|"
    r"(?:in|of|on) (?:march|may)|\d+ (?:st|nd|rd|th)|next (?:week|month|year)|"
    r"in \d+ (?:weeks?|months?|years?)|weekend)\b"
)
_NO_WISH = re.compile(
    r"^(?:how (?!do i set|about)|what (?!about|if)|when|who|why|where|which|is|was|are|did|do i|have i)\b|"
    r"^(?:please )?(?:cancel|stop|delete|remove|turn off|switch off|clear|end|kill|dismiss|get rid)\b|"
    r"\bremind (?:me|us) (?:again )?(?:what|who|how|why|where|which|when|of what)\b"
)
"""A question about a timer, or the end of one; "remind me what you said" asks for the words again."""
_TELLS = re.compile(r"\bremind (?:me|us) of (?!something|this|it)|^(?:my|the|that|this) .*(?:alarm|timer)")
"""So does "remind me of the date", unless a time is said; nor is a word about an alarm a wish for one."""
_KIND_TO_SET = re.compile(r"\b(?:timers?|alarms?|remind(?:ers?|ed)?|wake|woken|notified|countdown|forget)\b")
"""Without a time, the wish must at least be named."""


def set_slots(intent: str, words: str) -> Slots | None:
    """The slots of `timer`, `alarm` or `reminder`; None when the words are about something else."""
    if not _ABOUT_RINGING.search(words) or _NO_WISH.search(words):
        return None
    if (intent == "reminder") != bool(re.search(r"\b(?:remind(?:ers?|ed)?|notified|forget)\b", words)):
        return None
    named = _KIND_TO_SET.search(words)
    when, rest = _when(words)
    for why, pattern in (("repeat", _REPEATS), ("several", _SEVERAL), ("far", _FAR)):
        if named and pattern.search(words) and not (why == "far" and "seconds" in when):
            return {"cannot": why}
    if not when and (not named or _TELLS.search(words)):
        return None
    label = _reminder_label(rest) if intent == "reminder" else _timer_label(rest)
    return {**when, **({"label": label} if label else {})}


def lacks_time(slots: Slots) -> bool:
    """Of a timer, alarm or reminder: when it is to ring has still to be said."""
    return not {"seconds", "hour", "cannot"} & set(slots)


def time_slots(words: str) -> Slots | None:
    """The time alone, as it is said when it was asked for: "ten minutes", "seven thirty please"."""
    for said in (words, f"at {words}"):
        when, rest = _when(said)
        if when:
            return when if len(rest.split()) <= _WORDS_AROUND_A_TIME else None
    return None


def asked_slots(words: str) -> Slots | None:
    """The slots of `timers`: which ones are asked about."""
    return _which(words) if _ASKED.search(words) or _LEFT.search(words) else None


def cancel_slots(words: str) -> Slots | None:
    """The slots of `timers_cancel`: which ones are to go."""
    if not _KIND.search(words) or re.search(r"\b(?:do not (?!need|want)|never|how do|how can)\b", words):
        return None
    every = (
        {"every": 1} if re.search(r"\b(?:all|every|both|everything|timers|alarms|reminders)\b", words) else {}
    )
    return {**_which(words), **every}


# --- when ----------------------------------------------------------------------------------------


def _when(words: str) -> tuple[dict[str, str | int | float], str]:
    """The slots of the time that was said, none if none was, and the words without it."""
    length = length_of_time(words)
    if length is not None and length.seconds:
        return {"seconds": length.seconds}, length.rest
    at = time_of_day(words)
    if at is None:
        return {}, words
    return {"hour": at.hour, "minute": at.minute, "half": at.half.value, "day": at.day}, at.rest


# --- what it is called ---------------------------------------------------------------------------

_BEFORE_TIMER = re.compile(
    r"\b(?:an?|the|my|another|new|one|1|for|of|up|time|start|set) ((?:[a-z']+ ){1,3})timer\b"
)
_AFTER_TIMER = re.compile(
    r"\btimer (?:(?:called|named|labell?ed) (?P<called>.+)|"
    r"for (?:the |my |some |an? )?(?P<purpose>[a-z' ]+))$"
)
_NO_NAME = frozenset(
    "a an the my your new another one second brand me us to go off up for of set start timer countdown "
    "kitchen please that this and in on at it now first last next other same time long short quick "
    "going running starting stop current "
    "make create need want give with minutes minute hours hour seconds robot some".split()
)


def _timer_label(rest: str) -> str:
    """The name of a timer: "pasta timer", "a timer for the pasta", "a timer called pasta"."""
    named = _AFTER_TIMER.search(rest)
    if named:
        return _name(named["called"] or named["purpose"])
    found = _BEFORE_TIMER.search(rest)
    return _name(found[1]) if found else ""


def _name(said: str) -> str:
    words = said.split()
    while words and words[0] in _NO_NAME:
        del words[0]
    while words and words[-1] in _NO_NAME:
        del words[-1]
    return " ".join(words)[:LONGEST_LABEL] if len(words) <= 4 else ""


_AFTER_REMIND = re.compile(
    r"\b(?:remind(?: me| us)?|reminders?|reminded|notified)(?: (?:for|to) (?:me|us|remind me)"
    r"| again| set| made)*"
    r"(?: (?P<how>to|about|that|of|for))?(?: (?P<what>.+))?$"
)
_NOTHING = frozenset(
    {
        "",
        "do something",
        "something",
        "later",
        "this",
        "it",
        "do this",
        "at",
        "me",
        "do",
        "be",
        "in",
        "please",
    }
)
_FROM_HERE = {
    "i": "you", "am": "are", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you",
    "us": "you", "our": "your", "ours": "yours", "you": "me", "your": "my", "yourself": "myself",
}  # fmt: skip


def _reminder_label(rest: str) -> str:
    """What a reminder is for, as the device says it: "to take your pills", "about the laundry"."""
    matches = list(_AFTER_REMIND.finditer(rest))
    found = matches[-1] if matches else None
    if found is None:
        return ""
    what = re.sub(r"(?: please| for me| in| at| on| for)$", "", found["what"] or "")
    if what in _NOTHING:
        return ""
    clause = re.match(r"(?:i|we|it|my \w+ (?:is|are)|the \w+ (?:is|are)|there)\b", what)
    how = found["how"] or ("that" if clause else "to")
    how = {"of": "about", "for": "about"}.get(how, how)
    turned = " ".join(_FROM_HERE.get(word, word) for word in f"{how} {what}".split())
    return turned[:LONGEST_LABEL].strip()


# --- which one -----------------------------------------------------------------------------------

_KIND = re.compile(r"\b(timer|alarm|reminder|countdown)s?\b")
_ASKED = re.compile(r"\b(?:timers?|alarms?|reminders?|remembered|remember|reminded|wake me)\b")
_LEFT = re.compile(
    r"\b(?:time|much|long|minutes?|hours?|seconds?)\b.*\b(?:left|remain(?:ing|s)?|to go)(?: on it| now)?$|"
    r"\bwake me\b"
)
_NAMED_ONE = re.compile(
    r"\b(?:my|the|on|cancel|stop|delete|remove|for|is|of|turn off|off) ((?:[a-z']+ ){1,3})timer\b"
)


def _which(words: str) -> dict[str, str | int | float]:
    kind = _KIND.search(words)
    named: dict[str, str | int | float] = {}
    if kind:
        named["kind"] = "timer" if kind[1] == "countdown" else kind[1]
    elif "wake me" in words:
        named["kind"] = "alarm"
    elif re.search(r"\b(?:remember|reminded)", words):
        named["kind"] = "reminder"
    when, rest = _when(words)
    if found := _NAMED_ONE.search(rest):
        label = _name(re.sub(r"\b(?:how|much|time|is|left|long|all|both|every)\b", "", found[1]))
        if label:
            named["label"] = label
    about = re.search(r"\breminder (?:to|about|for|that) (.+)$", rest)
    if about:
        named["label"] = " ".join(_FROM_HERE.get(word, word) for word in about[1].split())
    return {**named, **when}
