"""Louder, quieter, this loud."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, SetVolume

STEP_PERCENT = 15
"""One step that a listener notices."""
LOWEST_PERCENT = 10
"""Steps end here: silence has to be asked for."""
AFTER_MUTE_PERCENT = 50
"""Where the voice comes back: what it was before is not remembered."""


def change(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Set the volume to `percent`, or move it by `change`: one step, or `by` percent. "unmute" brings the
    voice back, "asked" only tells how loud it is. The reply sounds at the new volume."""
    asked, way = intent.slots.get("percent"), intent.slots.get("change")
    if asked is not None:
        return _set_to(int(asked), context)
    if way == "asked":
        return context.say("volume_now", percent=context.volume)
    if way == "unmute":
        return _set_to(context.volume or AFTER_MUTE_PERCENT, context)
    step = int(intent.slots.get("by", STEP_PERCENT))
    if way == "up":
        return context.say("volume_highest") if context.volume >= 100 else _moved(step, context)
    return context.say("volume_lowest") if context.volume <= LOWEST_PERCENT else _moved(-step, context)


def _moved(step: int, context: SkillContext) -> tuple[ReplyItem, ...]:
    return _set_to(min(100, max(LOWEST_PERCENT, context.volume + step)), context)


def _set_to(percent: int, context: SkillContext) -> tuple[ReplyItem, ...]:
    return (SetVolume(percent=percent), *context.say("volume_now", percent=percent))
