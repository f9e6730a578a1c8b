"""How timers, alarms and reminders are spoken of: when they are asked about, and when they ring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from device.brain import spoken_forms
from device.brain.packs import Phrases
from device.contracts import Timer, TimerKind

TOLD_IN_SUM_S = 24 * 3600
"""What is later than this is only counted: a list of old things helps nobody."""
LATE_S = 60.0
"""Up to here nobody would say that it is late."""


@dataclass(frozen=True, slots=True)
class Due:
    """A timer that rings, and how late that is."""

    timer: Timer
    late_s: float = 0.0
    while_off: bool = False
    """It fell due while the device did not run."""


def name(timer: Timer) -> str:
    """What it is called: "pasta timer", "timer for ten minutes", "alarm for noon"."""
    if timer.kind is TimerKind.REMINDER:
        return f"reminder {timer.label}".strip()
    if timer.label:
        return f"{timer.label} {timer.kind.value}"
    if timer.local is not None:
        return f"{timer.kind.value} for {spoken_forms.clock(timer.local.time())}"
    return f"{timer.kind.value} for {spoken_forms.length(timer.length_s)}"


def moment(local: datetime, today: date) -> str:
    """ "half past six in the morning", and which day if it is not today: "tomorrow", "on Friday"."""
    away = (local.date() - today).days
    day = "" if away == 0 else " tomorrow" if away == 1 else f" on {local:%A}"
    return spoken_forms.clock(local.time()) + day


def ringing(due: Sequence[Due], phrases: Phrases) -> str:
    """What is said when these ring, the longest due first; very old ones are only counted, but for one."""
    told = [each for each in due if each.late_s <= TOLD_IN_SUM_S] or list(due[-1:])
    sentences = [_sentence(each, phrases) for each in told]
    older = len(due) - len(told)
    if older:
        sentences.append(
            phrases.say("ring_older_one") if older == 1 else phrases.say("ring_older", number=older)
        )
    return " ".join(sentences)


def _sentence(due: Due, phrases: Phrases) -> str:
    timer = due.timer
    filled = {"name": name(timer), "label": timer.label or phrases.say("reminder_of_what")}
    if due.late_s > LATE_S:
        how = "_late_off" if due.while_off else "_late"
        return phrases.say(f"ring_{timer.kind.value}{how}", ago=spoken_forms.about(due.late_s), **filled)
    if timer.kind is TimerKind.ALARM and timer.local is None:
        return phrases.say("ring_timer", **filled)
    if timer.local is not None:
        filled["time"] = spoken_forms.clock(timer.local.time())
    return phrases.say(f"ring_{timer.kind.value}", **filled)
