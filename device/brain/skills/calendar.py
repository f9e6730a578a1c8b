"""What time it is, here and elsewhere, and which day."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from device.brain import spoken_forms
from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def tell_time(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """The time here, or at `place` in `zone`; of an unknown place it says so."""
    here = spoken_forms.clock(context.now.time())
    place = intent.slots.get("place")
    if place is None:
        return context.say("time_here", time=here)
    try:
        there = context.now.astimezone(ZoneInfo(str(intent.slots["zone"])))
    except (KeyError, ZoneInfoNotFoundError):
        return context.say("time_unknown", place=place, time=here)
    return context.say("time_there", place=place, time=spoken_forms.clock(there.time()))


def tell_date(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Today, a number of `days` away, or the next `weekday`."""
    today = context.now.date()
    weekday = str(intent.slots.get("weekday", ""))
    if weekday:
        return context.say("date_weekday", date=spoken_forms.day(_next(weekday, today)))
    days = int(intent.slots.get("days", 0))
    try:
        asked = spoken_forms.day(today + timedelta(days=days))
    except OverflowError:
        return context.say("date_too_far")
    named = {0: "date_today", 1: "date_tomorrow", -1: "date_yesterday"}.get(days)
    return context.say(named or ("date_ahead" if days > 0 else "date_ago"), days=abs(days), date=asked)


def _next(weekday: str, today: date) -> date:
    """The first such day after today."""
    ahead = (_WEEKDAYS.index(weekday) - today.weekday() - 1) % 7 + 1
    return today + timedelta(days=ahead)
