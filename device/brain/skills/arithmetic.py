"""Sums."""

from __future__ import annotations

from device.brain import spoken_forms
from device.brain.arithmetic import CannotWorkOut, work_out
from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, Say


def tell_result(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """The value of `sum`, why it has none, or how to ask for one."""
    asked = intent.slots.get("sum")
    if asked is None:
        return context.say("sum_help")
    try:
        result = spoken_forms.number(work_out(str(asked)))
    except CannotWorkOut as why:
        return (Say(str(why)),)
    if "(" in str(asked):  # brackets cannot be heard
        return context.say("sum_result", result=result)
    words = spoken_forms.sum_in_words(str(asked))
    return context.say("sum", sum=words[:1].upper() + words[1:], result=result)
