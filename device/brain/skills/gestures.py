"""What the robot's body does on request."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Gesture, Intent, Perform, ReplyItem


def perform(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Make `gesture` and say so, or say that this body cannot."""
    gesture = Gesture(intent.slots["gesture"])
    if gesture not in context.gestures:
        return context.say("cannot_move")
    return (Perform(gesture), *context.say(f"gesture_{gesture.value}"))
