"""CLINC150 (Larson et al. 2019, CC BY 3.0): crowd-written requests, and which of our intents serves which.

The data lies beside the repository, never in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

DATA = Path(__file__).parent.parent.parent / "shared/data/text/clinc150_train_val.json"

SERVED: Mapping[str, frozenset[str]] = {
    "time": frozenset({"time"}),
    "date": frozenset({"date"}),
    "calculator": frozenset({"arithmetic"}),
    "change_volume": frozenset({"volume"}),
    "tell_joke": frozenset({"joke"}),
    "fun_fact": frozenset({"fact"}),
    "repeat": frozenset({"repeat"}),
    "what_is_your_name": frozenset({"who_are_you"}),
    "who_made_you": frozenset({"maker"}),
    "are_you_a_bot": frozenset({"robot_or_person"}),
    "what_can_i_ask_you": frozenset({"abilities"}),
    "greeting": frozenset({"greeting", "how_are_you"}),
    "thank_you": frozenset({"thanks"}),
    "goodbye": frozenset({"goodbye"}),
    "flip_coin": frozenset({"coin"}),
    "roll_dice": frozenset({"dice"}),
    "cancel": frozenset({"stop"}),
    "yes": frozenset({"yes"}),
    "no": frozenset({"no"}),
    "maybe": frozenset({"unsure"}),
    "meaning_of_life": frozenset({"meaning_of_life"}),
    "how_old_are_you": frozenset({"age"}),
    "where_are_you_from": frozenset({"origin"}),
    "what_are_your_hobbies": frozenset({"hobbies"}),
    "do_you_have_pets": frozenset({"pets"}),
    "who_do_you_work_for": frozenset({"boss"}),
    "timer": frozenset({"timer", "alarm", "reminder"}),
    "alarm": frozenset({"alarm", "timer", "reminder"}),
    "reminder_update": frozenset({"reminder", "alarm", "timer"}),
    "reminder": frozenset({"timers"}),
}
"""CLINC's intents that the skills serve, and what recognising one right means."""

_HOW_ARE_YOU = re.compile(r"\bhow|\bare (you|things)\b|\bhave you been|\bwhat'?s (up|going|new|happening)\b")
_REMIND = re.compile(r"\bremind|\bforget\b|\bnotified\b")
_WAKE = re.compile(r"\bwake\b|\bwoken\b|\balarms?\b")
_OF_SEVERAL: Mapping[str, Callable[[str], str]] = {
    "greeting": lambda text: "how_are_you" if _HOW_ARE_YOU.search(text) else "greeting",
    "timer": lambda text: _ringing(text, "timer"),
    "alarm": lambda text: _ringing(text, "alarm"),
    "reminder_update": lambda text: _ringing(text, "reminder"),
}
"""Which of several intents a request is to be learnt as."""


def _ringing(text: str, otherwise: str) -> str:
    """The kind that the words name: CLINC's people call one what is another here."""
    if _REMIND.search(text):
        return "reminder"
    return "alarm" if _WAKE.search(text) else otherwise


def read(split: str, path: Path = DATA) -> list[tuple[str, str]]:
    """The (text, CLINC intent) pairs of "train" or "val", out-of-scope requests included."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return [(text, intent) for text, intent in (*data[split], *data[f"oos_{split}"])]


def our_intent(text: str, intent: str) -> str:
    """The intent to learn for a request; "" when no skill serves it."""
    if intent in _OF_SEVERAL:
        return _OF_SEVERAL[intent](text)
    names = SERVED.get(intent, frozenset())
    return next(iter(names), "")
