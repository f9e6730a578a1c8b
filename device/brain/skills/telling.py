"""Jokes, facts and stories from the packs."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, Say


def tell(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """One from the deck that is named like the intent, about `topic` if there is one; else it says so."""
    deck = context.packs.decks[intent.name]
    topic = str(intent.slots.get("topic", ""))
    fitting = deck.draw(topic)
    if fitting is not None:
        return (Say(fitting),)
    return (*context.say("topic_unknown", topic=topic), Say(f" {deck.draw()}"))
