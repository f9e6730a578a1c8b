"""Timers, alarms and reminders: set, asked about, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta

from device.brain import spoken_forms
from device.brain.skills.context import Skill, SkillContext
from device.brain.spoken_times import WEEKDAYS, Half
from device.brain.timer_slots import lacks_time
from device.brain.timer_words import moment, name
from device.contracts import Intent, ReplyItem, RunningTimer, Say, Timer, TimerKind, TimerRefusal
from device.ports import Timers

_TimerSkill = Callable[[Intent, SkillContext, Timers], tuple[ReplyItem, ...]]
_LIST_AT_MOST = 5
"""More cannot be kept in mind by ear."""


def _kept(skill: _TimerSkill) -> Skill:
    """A skill for which somebody must keep the timers."""

    def answer(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
        return skill(intent, context, context.timers) if context.timers else context.say("timers_nowhere")

    return answer


# --- setting -------------------------------------------------------------------------------------


def _set(intent: Intent, context: SkillContext, timers: Timers) -> tuple[ReplyItem, ...]:
    """Set a timer, an alarm or a reminder and say back what was understood, or ask for what is missing."""
    slots = intent.slots
    if "cannot" in slots:
        return context.say(f"timer_{slots['cannot']}")
    if lacks_time(slots):
        return context.say({"timer": "timer_how_long"}.get(intent.name, f"{intent.name}_when"))
    wanted = _wanted(intent, context.now)
    if wanted is None:
        return context.say("timer_past")
    refusal = timers.add(wanted)
    if refusal is not None:
        number = len(timers.running()) if refusal is TimerRefusal.TOO_MANY else 0
        return context.say(f"timer_{refusal.value}", number=number)
    said = _said_back(wanted, context)
    return said if timers.lasting else (*said, Say(" "), *context.say("timer_unkept"))


def _wanted(intent: Intent, now: datetime) -> Timer | None:
    """The timer that was asked for; None when its time of day is over."""
    kind, label = TimerKind(intent.name), str(intent.slots.get("label", ""))
    if "seconds" in intent.slots:
        return Timer(kind, label, length_s=int(intent.slots["seconds"]))
    local = next_time(intent, now.replace(tzinfo=None))
    if local is None:
        return None
    return Timer(TimerKind.ALARM if kind is TimerKind.TIMER else kind, label, local=local)


def _said_back(timer: Timer, context: SkillContext) -> tuple[ReplyItem, ...]:
    today = context.now.date()
    length = spoken_forms.length(timer.length_s)
    when = moment(timer.local, today) if timer.local else f"in {length}"
    if timer.kind is TimerKind.REMINDER:
        label = timer.label or context.packs.phrases.say("reminder_of_what")
        return context.say("reminder_set", label=label, time=when)
    if timer.local is not None:
        return context.say("alarm_set", time=when)
    if timer.kind is TimerKind.ALARM:
        return context.say("alarm_set_in", length=length)
    return context.say("timer_set_named" if timer.label else "timer_set", label=timer.label, length=length)


def next_time(intent: Intent, now: datetime) -> datetime | None:
    """When `hour`, `minute`, `half` and `day` come next after `now` (naive, local); None if today it is over.

    Without a half of the day, the next such time counts; on another day, from four to eleven is in the
    morning, the other hours are in the afternoon.
    """
    slots = intent.slots
    day, half = str(slots.get("day", "")), Half(slots.get("half", ""))
    hours = _hours(int(slots["hour"]), half, settled=day not in ("", "today"))
    if half is Half.NIGHT and hours[0] < 6 and day == "today":
        day = ""  # "tonight at one" is after midnight
    clock = [time(hour, int(slots["minute"])) for hour in hours]
    days = {"": range(2), "today": range(1), "tomorrow": range(1, 2), "overmorrow": range(2, 3)}.get(day)
    if days is None:
        ahead = (WEEKDAYS.index(day) - now.weekday()) % 7
        days = range(ahead, ahead + 8, 7)
    dates = [now.date() + timedelta(days=away) for away in days]
    return next((at for on in dates for each in clock if (at := datetime.combine(on, each)) > now), None)


def _hours(hour: int, half: Half, *, settled: bool) -> tuple[int, ...]:
    """The hours of 24 that it may be, earliest first."""
    morning, afternoon = hour % 12, hour % 12 + 12
    match half:
        case Half.WHOLE_DAY:
            return (hour,)
        case Half.AM:
            return (morning,)
        case Half.PM:
            return (afternoon,)
        case Half.NIGHT:
            return (afternoon if 6 <= hour < 12 else morning,)
        case Half.UNSAID:
            return ((morning if 4 <= hour < 12 else afternoon),) if settled else (morning, afternoon)


# --- asking and cancelling -----------------------------------------------------------------------


def _tell(intent: Intent, context: SkillContext, timers: Timers) -> tuple[ReplyItem, ...]:
    """How long the timers that are meant still run, or when they ring."""
    meant = _meant(intent, timers.running(), context.now)
    if not meant:
        return context.say("timers_none", kind=_kind(intent))
    today = context.now.date()
    said = [_standing(each, context, today) for each in meant[:_LIST_AT_MOST]]
    return tuple(item for at, items in enumerate(said) for item in ((Say(" "), *items) if at else items))


def _standing(running: RunningTimer, context: SkillContext, today: date) -> tuple[ReplyItem, ...]:
    timer = running.timer
    if running.left_s <= 0:
        return context.say("timers_ringing", name=name(timer))
    if timer.local is not None:
        bare = "reminder" if timer.kind is TimerKind.REMINDER and not timer.label else name(timer)
        named = timer.kind.value if timer.kind is TimerKind.ALARM else bare
        return context.say("timers_at", name=named, time=moment(timer.local, today))
    return context.say("timers_left", name=name(timer), length=_left(running.left_s))


def _left(seconds: float) -> str:
    """To the second below ten minutes, to the minute above."""
    whole = max(1, round(seconds))
    return spoken_forms.length(whole if whole < 600 else 60 * round(whole / 60))


def _cancel(intent: Intent, context: SkillContext, timers: Timers) -> tuple[ReplyItem, ...]:
    """Cancel the one that is meant, or all of them, or ask which."""
    running = timers.running()
    meant = _meant(intent, running, context.now)
    if not meant:
        return context.say("timers_none", kind=_kind(intent))
    if len(meant) > 1 and "every" not in intent.slots:
        names = spoken_forms.listed([name(each.timer) for each in meant[:_LIST_AT_MOST]])
        return context.say("timers_which", names=names)
    timers.cancel([each.timer_id for each in meant])
    if len(meant) > 2:
        return context.say("timers_all_cancelled", number=len(meant))
    return context.say("timers_cancelled", names=spoken_forms.listed([name(each.timer) for each in meant]))


def _meant(intent: Intent, running: Sequence[RunningTimer], now: datetime) -> list[RunningTimer]:
    """Those that fit what was said of them: kind, label, length or time of day."""
    slots = intent.slots
    kind, label = str(slots.get("kind", "")), str(slots.get("label", "")).split()
    found = [each for each in running if not kind or each.timer.kind.value == kind]
    if label:
        found = [each for each in found if set(label) <= set(each.timer.label.split())]
    if "seconds" in slots:
        found = [each for each in found if each.timer.length_s == slots["seconds"]]
    if "hour" in slots:
        at = next_time(intent, now.replace(tzinfo=None))
        found = [each for each in found if at and _rings_at(each.timer, at, intent)]
    return found


def _rings_at(timer: Timer, at: datetime, intent: Intent) -> bool:
    """It is for that time on the clock, of twelve hours where no half of the day was said."""
    if timer.local is None:
        return False
    hours = 12 if intent.slots.get("half", "") == "" else 24
    same = (timer.local.hour - at.hour) % hours == 0 and timer.local.minute == at.minute
    return same and (not intent.slots.get("day") or timer.local.date() == at.date())


def _kind(intent: Intent) -> str:
    return str(intent.slots.get("kind", "timer"))


set_one: Skill = _kept(_set)
tell: Skill = _kept(_tell)
cancel: Skill = _kept(_cancel)
