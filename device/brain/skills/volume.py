"""Louder, quieter, this loud."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, SetVolume

STEP_PERCENT = 15
"""One step that a listener notices."""


def change(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Set the volume to `percent`, or move it one step by `change`; the reply sounds at the new volume."""
    percent = intent.slots.get("percent")
    if percent is not None:
        said = context.say("volume_set", percent=percent) if int(percent) else context.say("muted")
        return (SetVolume(percent=int(percent)), *said)
    up = intent.slots["change"] == "up"
    return (
        SetVolume(change=STEP_PERCENT if up else -STEP_PERCENT),
        *context.say("louder" if up else "quieter"),
    )
