"""Louder, quieter, this loud."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, SetVolume

STEP_PERCENT = 15
"""One step that a listener notices."""
LOWEST_PERCENT = 10
"""Steps end here: silence has to be asked for."""


def change(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Set the volume to `percent`, or move it one step by `change`; the reply sounds at the new volume."""
    asked = intent.slots.get("percent")
    if asked is not None:
        return _set_to(int(asked), context)
    if intent.slots["change"] == "up":
        return context.say("volume_highest") if context.volume >= 100 else _moved(STEP_PERCENT, context)
    return (
        context.say("volume_lowest") if context.volume <= LOWEST_PERCENT else _moved(-STEP_PERCENT, context)
    )


def _moved(step: int, context: SkillContext) -> tuple[ReplyItem, ...]:
    return _set_to(min(100, max(LOWEST_PERCENT, context.volume + step)), context)


def _set_to(percent: int, context: SkillContext) -> tuple[ReplyItem, ...]:
    return (SetVolume(percent=percent), *context.say("volume_now", percent=percent))
