"""Coins and dice."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, Say


def flip_coin(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Heads or tails, and whether the side that was `called` has won."""
    side = context.rng.choice(("heads", "tails"))
    shown = context.say(f"coin_{side}")
    called = intent.slots.get("called")
    if called is None:
        return shown
    verdict = context.say("coin_right") if called == side else context.say("coin_wrong", called=called)
    return (*shown, Say(" "), *verdict)


def roll_dice(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """`dice` dice of `sides` sides each."""
    sides = int(intent.slots.get("sides", 6))
    rolls = [context.rng.randint(1, sides) for _ in range(int(intent.slots.get("dice", 1)))]
    if len(rolls) == 1:
        return context.say("die", number=rolls[0])
    listed = ", ".join(str(roll) for roll in rolls[:-1]) + f" and {rolls[-1]}"
    return context.say("dice", numbers=listed, total=sum(rolls))
