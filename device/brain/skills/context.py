"""What a skill may know and what it is."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from device.brain.packs import Packs
from device.contracts import Gesture, Intent, ReplyItem, Say
from device.ports import Forgetting, Promises, Timers


@dataclass(frozen=True, slots=True)
class SkillContext:
    """The world as a skill sees it: it reads no clock and rolls no dice of its own."""

    now: datetime
    """Aware, in the local zone."""
    language: str
    rng: random.Random
    packs: Packs
    gestures: frozenset[Gesture]
    """What the robot's body can do; empty without a body."""
    volume: int
    """Percent, as it is now."""
    last_spoken: str
    """The device's last line in the conversation, as far as it was really spoken; may be empty."""
    timers: Timers | None = None
    """None where nobody keeps any."""
    forgetting: Forgetting | None = None
    """None where nothing is kept."""
    promises: Promises | None = None
    """None where nothing is promised."""

    def say(self, phrase: str, /, **filled: object) -> tuple[ReplyItem, ...]:
        """One wording of a phrase as a whole reply."""
        return (Say(self.packs.phrases.say(phrase, **filled)),)


Skill = Callable[[Intent, SkillContext], tuple[ReplyItem, ...]]
"""Answers one intent. Quick, pure but for the context's rng, packs and timers; what takes long is a mind."""

WaitingSkill = Callable[[Intent, SkillContext], Awaitable[tuple[ReplyItem, ...]]]
"""Answers an intent once something is on disk; it waits for that with a bound of its own."""
