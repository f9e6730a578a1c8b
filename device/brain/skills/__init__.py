"""The skills: which function answers which intent.

An intent that needs no function, because a phrase is all its answer, needs no entry here either: the
phrase of the same name in the pack is spoken.
"""

from __future__ import annotations

from collections.abc import Mapping

from device.brain.skills import (
    arithmetic,
    calendar,
    chance,
    conversation,
    forgetting,
    gestures,
    promises,
    telling,
    timers,
    volume,
)
from device.brain.skills.context import Skill, SkillContext, WaitingSkill
from device.brain.timer_slots import SET_A_TIMER

__all__ = ["ACTING", "SKILLS", "WAITING", "Skill", "SkillContext", "WaitingSkill"]

SKILLS: Mapping[str, Skill] = {
    "time": calendar.tell_time,
    "date": calendar.tell_date,
    "arithmetic": arithmetic.tell_result,
    "volume": volume.change,
    "joke": telling.tell,
    "fact": telling.tell,
    "story": telling.tell,
    "coin": chance.flip_coin,
    "dice": chance.roll_dice,
    "gesture": gestures.perform,
    "timer": timers.set_one,
    "alarm": timers.set_one,
    "reminder": timers.set_one,
    "timers": timers.tell,
    "timers_cancel": timers.cancel,
    "stop": conversation.stop,
    "repeat": conversation.repeat,
    "confirm": conversation.confirm,
    "found_out": promises.found_out,
}

WAITING: Mapping[str, WaitingSkill] = {
    "forget_that": forgetting.forget,
    "forget_last": forgetting.forget,
    "forget_everything": forgetting.forget,
    "find_out": promises.find_out,
    "forget_question": promises.forget,
}

ACTING = frozenset({"gesture", "volume", "timers_cancel", "forget_last", "forget_question"}) | SET_A_TIMER
"""Intents that do something beside talking: confirmed first when they were not heard for certain."""
