"""Coins and dice."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem


def flip_coin(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """Heads or tails, and whether the side that was `called` has won."""
    side = context.chance.choice(("heads", "tails"))
    called = intent.slots.get("called")
    if called is None:
        return context.say("coin", side=side)
    return context.say("coin_right" if called == side else "coin_wrong", side=side, called=called)


def roll_dice(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """`dice` dice of `sides` sides each."""
    sides = int(intent.slots.get("sides", 6))
    rolls = [context.chance.randint(1, sides) for _ in range(int(intent.slots.get("dice", 1)))]
    if len(rolls) == 1:
        return context.say("die", total=rolls[0])
    listed = ", ".join(str(roll) for roll in rolls[:-1]) + f" and {rolls[-1]}"
    return context.say("dice", rolls=listed, total=sum(rolls))
