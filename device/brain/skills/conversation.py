"""Stopping, repeating, and asking first."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, Say, StopEverything


def stop(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Silence and stillness, and not a word."""
    return (StopEverything(),)


def repeat(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """The last reply again, as far as it was spoken."""
    return (Say(context.last_spoken),) if context.last_spoken else context.say("repeat_nothing")


def confirm(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Ask whether `heard` was really said."""
    return context.say("confirm", command=intent.slots["heard"])
