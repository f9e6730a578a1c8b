"""Jokes, facts and stories from the packs."""

from __future__ import annotations

from device.brain.skills.context import SkillContext
from device.contracts import Intent, ReplyItem, Say


def tell(intent: Intent, context: SkillContext) -> tuple[ReplyItem, ...]:
    """One from the deck that is named like the intent, about `topic` if there is one, or it says so."""
    deck = context.packs.decks[intent.name]
    topic = str(intent.slots.get("topic", ""))
    told = deck.draw(topic)
    if told is not None:
        return (*context.say(f"{intent.name}_intro"), Say(f" {told}"))
    return (*context.say(f"{intent.name}_unknown", topic=_from_here(topic)), Say(f" {deck.draw()}"))


_FROM_HERE = {
    "my": "your",
    "our": "your",
    "me": "you",
    "us": "you",
    "you": "me",
    "your": "my",
    "yourself": "myself",
}


def _from_here(topic: str) -> str:
    """The topic as the device says it: "my mom" is "your mom"."""
    return " ".join(_FROM_HERE.get(word, word) for word in topic.split())
