"""Which mind answers a request, and why. Pure.

What is decided is set out in docs/routing.md, and held by a table in tests/device/brain/test_router.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from device.brain.demand import Demand
from device.brain.dialogue import Memory
from device.brain.privacy import Private
from device.config import Use
from device.contracts import BoardHealth, Intent, LinkHealth, Mind, Route

SLOW_S: Final = 1.0
"""Whoever waits longer for the first word is told that there is thinking going on."""
HOT_C: Final = 75.0
"""A Raspberry Pi slows its processor down from 80 °C on (its firmware's soft limit is at 60 °C for the 3B+
only); a language model heats by some degrees within one answer."""
LOW_BATTERY_PERCENT: Final = 20
CONFIDENCE_WEIGHT: Final = 0.0
"""What System 1's mean token log-probability counts. 0 until it is measured that it says anything about
whether an answer is right: small models are often sure of what is wrong."""
DOUBT: Final = -1.0
"""Weighted confidence below which System 1 would be taken to be guessing."""
FORGET_EVERYTHING: Final = "forget_everything"
FORGET_SURE: Final = "forget_sure"
"""The intent that asks whether everything is really to be forgotten."""
FIND_OUT: Final = "find_out"
"""The intent of a promise; its slot is the `question`."""
FOUND_OUT: Final = "found_out"
"""The intent of telling what was found; of one `question` first, if it has that slot."""
OFFER: Final = "promise_offer"
"""The intent that asks a person whether to find out."""
OFFLINE: Final = "excuse_offline"
"""The phrase that tells that System 2 is away."""

_ABOUT: Final = {
    Demand.WISH: "a person asked for System 2",
    Demand.RECENCY: "it asks for what is new",
    Demand.KNOWLEDGE: "it asks about the world",
    Demand.REASONING: "it asks for long thought",
    Demand.VISION: "it asks for eyes, which neither mind has",
    Demand.TALK: "it is small talk",
    Demand.OTHER: "either mind may know",
}
_NEEDS_SYSTEM_2: Final = frozenset({Demand.WISH, Demand.RECENCY, Demand.KNOWLEDGE, Demand.REASONING})
_ONLY_SYSTEM_2_KNOWS: Final = frozenset({Demand.WISH, Demand.RECENCY})
"""Whatever System 1 said to these would be a guess."""


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
    system_1: bool = False
    """There is a language model on board."""
    system_2: LinkHealth | None = None
    """None: there is no System 2."""
    use: Use = "auto"
    races: bool = True
    """A person lets both minds be asked at once."""
    demand: Demand = Demand.OTHER
    withheld: frozenset[Private] = frozenset()
    """What the text tells about a person that System 2 may not have."""
    cached: bool = False
    """There is a reply that was good before."""
    promises: bool = False
    """Questions can be kept until System 2 can be asked."""
    may_promise: bool = False
    """A person agreed that they are, or this one is kept already; else a person is asked first."""
    promised: bool = False
    """One waits, found out or not."""
    found: bool = False
    """This question was promised, and its answer is here."""
    board: BoardHealth = field(default_factory=BoardHealth)
    confidence: float | None = None
    """System 1's mean token log-probability lately; None: unknown."""


def route(intent: Intent | None, facts: Facts) -> Route:
    """The mind for a recognised intent; for what was not recognised the cache, a mind, or a stock phrase.

    A stock phrase is named by the route's intent.
    """
    if intent is None:
        return _unrecognised(facts)
    if intent.name == "stop" and "never_mind" in intent.slots:
        intent = Intent("forget_question" if facts.promised else "stop")
    pending = facts.memory.pending
    if pending is not None and intent.name == "yes":
        return Route(Mind.SKILL, f"the person confirmed: {pending.name}", pending)
    if pending is not None and intent.name == "no":
        return Route(Mind.SKILL, f"the person did not confirm: {pending.name}", _declined(pending))
    if intent.name == "another" and facts.memory.repeatable is not None:
        again = facts.memory.repeatable
        return Route(Mind.SKILL, f"another one of the last kind: {again.name}", again)
    if intent.name == FORGET_EVERYTHING:
        return Route(Mind.SKILL, f"{intent.name} cannot be undone: asking first", Intent(FORGET_SURE))
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


def strain(board: BoardHealth) -> str:
    """Why the board should be spared work, in words for a person; "" if it need not be."""
    if board.heat_c is not None and board.heat_c >= HOT_C:
        return f"the board is hot ({board.heat_c:.0f} °C)"
    low = board.battery_percent is not None and board.battery_percent <= LOW_BATTERY_PERCENT
    return f"the battery is low ({board.battery_percent} %)" if low and board.discharging else ""


def _declined(pending: Intent) -> Intent:
    return Intent("promise_declined" if pending.name == FIND_OUT else "declined")


def _wrapped(command: Intent) -> dict[str, str | int | float]:
    return {"command": command.name, **{f"with_{name}": value for name, value in command.slots.items()}}


def _unrecognised(facts: Facts) -> Route:
    if not facts.text.strip():
        return Route(Mind.STOCK, "no words were heard", Intent("nothing_heard"))
    if not facts.certain:
        return Route(Mind.STOCK, "no skill fits, and the words are uncertain", Intent("not_understood"))
    if facts.found:
        return Route(
            Mind.SKILL, "it was promised, and found out", Intent(FOUND_OUT, {"question": facts.text})
        )
    if facts.cached and facts.demand is not Demand.RECENCY:
        return Route(Mind.CACHE, "an answer to this is kept")
    kept = _why_on_board(facts)
    if kept:
        return _on_board(facts, kept)
    if facts.system_2 is not None and not facts.system_2.up:
        return _while_away(facts, facts.system_2)
    found = _with_both(facts, facts.system_2)
    return replace(found, later=found.mind is Mind.SYSTEM_2 and _only_system_2_knows(facts))


def _while_away(facts: Facts, health: LinkHealth) -> Route:
    """System 2 may be asked, but cannot: what only it knows is found out later."""
    why = "System 2 is away" + (f" ({health.why.rstrip(' .:;!')})" if health.why else "")
    would = _with_both(facts, replace(health, up=True))
    missed = would.mind is Mind.SYSTEM_2 and would.rival is None
    excuse = OFFLINE if missed and OFFLINE not in facts.memory.excused else ""
    if _only_system_2_knows(facts):
        name = FIND_OUT if facts.may_promise else OFFER
        asked = Intent(name, {"question": facts.text})
        return Route(
            Mind.STOCK, f"{why}: only it can know this, which is found out later", asked, excuse=excuse
        )
    found = _on_board(facts, why)
    return replace(found, excuse=excuse) if found.mind is Mind.SYSTEM_1 else found


def _only_system_2_knows(facts: Facts) -> bool:
    """And a promise can be made of it."""
    alone = not facts.system_1 and facts.demand in _NEEDS_SYSTEM_2
    return facts.promises and (alone or facts.demand in _ONLY_SYSTEM_2_KNOWS)


def _why_on_board(facts: Facts) -> str:
    """Why System 2 is not asked, in words for a person; "" if it may be."""
    if facts.system_2 is None:
        return "there is no System 2"
    if facts.use == "never":
        return "a person has every word stay on board"
    if facts.withheld:
        told = " and ".join(sorted(kind.value for kind in facts.withheld))
        return f"it may tell about {told} of a person, which nobody agreed to send"
    return ""


def _on_board(facts: Facts, why: str) -> Route:
    if facts.system_1:
        return Route(Mind.SYSTEM_1, f"no skill fits, and {why}: System 1 answers")
    phrase = Intent(_phrase_on_board(facts))
    return Route(Mind.STOCK, f"no skill fits, {why}, and there is no language model to ask", phrase)


def _phrase_on_board(facts: Facts) -> str:
    """What is said where nobody on board can answer and nobody else is asked."""
    if facts.system_2 is None or facts.use == "never":
        return "no_answer"
    return "kept_here" if facts.withheld else "no_system_2"


def _with_both(facts: Facts, health: LinkHealth | None) -> Route:
    """System 2 can be asked and may be."""
    about, strained = _ABOUT[facts.demand], strain(facts.board)
    waits_s = health.first_words_s if health and health.first_words_s is not None else 0.0
    alone = Route(Mind.SYSTEM_2, "", opens=waits_s > SLOW_S or (health is not None and health.slow))
    if not facts.system_1:
        return _because(alone, "there is no language model on board")
    if facts.use == "prefer":
        return _because(alone, "a person prefers System 2")
    if facts.demand in _NEEDS_SYSTEM_2 or _guesses(facts):
        return _because(alone, about)
    if facts.demand is not Demand.OTHER:
        return Route(Mind.SYSTEM_1, f"{about}: System 1 answers")
    if strained:
        return _because(alone, strained)
    if facts.races:
        return Route(Mind.SYSTEM_2, f"{about}: both are asked", rival=Mind.SYSTEM_1)
    return Route(Mind.SYSTEM_1, f"{about}, and they do not race: System 1 answers")


def _because(alone: Route, why: str) -> Route:
    return Route(alone.mind, f"{why}: System 2 answers", opens=alone.opens)


def _guesses(facts: Facts) -> bool:
    return CONFIDENCE_WEIGHT * (facts.confidence or 0.0) < DOUBT
