"""Which mind answers a request, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from device.brain.dialogue import Memory
from device.contracts import Intent, Mind, Route


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision rests on, beside the intent."""

    text: str
    """What was heard."""
    certain: bool
    """Whether it was heard for certain."""
    memory: Memory
    acting: frozenset[str]
    """Names of the intents that do something beside talking."""
    language_model: bool
    """Whether there is one to ask."""


def route(intent: Intent | None, facts: Facts) -> Route:
    """The mind for a recognised intent; for what was not recognised System 1, or a stock phrase.

    A stock phrase is named by the route's intent.
    """
    if intent is None:
        return _unrecognised(facts)
    pending = facts.memory.pending
    if pending is not None and intent.name == "yes":
        return Route(Mind.SKILL, f"the person confirmed: {pending.name}", pending)
    if pending is not None and intent.name == "no":
        return Route(Mind.SKILL, f"the person did not confirm: {pending.name}", Intent("declined"))
    if intent.name == "another" and facts.memory.repeatable is not None:
        again = facts.memory.repeatable
        return Route(Mind.SKILL, f"another one of the last kind: {again.name}", again)
    if intent.name in facts.acting and not facts.certain:
        asked = Intent("confirm", {"heard": facts.text.strip().rstrip(".!?"), **_wrapped(intent)})
        return Route(Mind.SKILL, f"{intent.name} acts and was not heard for certain: asking first", asked)
    return Route(Mind.SKILL, f"the {intent.name} skill", intent)


def confirmed_command(asked: Intent) -> Intent:
    """The command that a "confirm" intent asks about."""
    slots = {
        name.removeprefix("with_"): value for name, value in asked.slots.items() if name.startswith("with_")
    }
    return Intent(str(asked.slots["command"]), slots)


def _wrapped(command: Intent) -> dict[str, str | int | float]:
    return {"command": command.name, **{f"with_{name}": value for name, value in command.slots.items()}}


def _unrecognised(facts: Facts) -> Route:
    if not facts.text.strip():
        return Route(Mind.STOCK, "no words were heard", Intent("nothing_heard"))
    if not facts.certain:
        return Route(Mind.STOCK, "no skill fits, and the words are uncertain", Intent("not_understood"))
    if facts.language_model:
        return Route(Mind.SYSTEM_1, "no skill fits: the language model answers")
    return Route(Mind.STOCK, "no skill fits, and there is no language model to ask", Intent("no_answer"))
