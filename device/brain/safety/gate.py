"""Judges texts by rules, fails closed, never raises.

Precise rather than complete: what these rules miss is measured in docs/safety.md. It knows one text
at a time; `ReplyJudge` adds what was said before it in the same reply.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from device.brain.safety.normalise import clean, readings
from device.brain.safety.rules import Rule, RuleSet, load_rules
from device.contracts import Direction, Ruling, Verdict
from device.errors import SafetyError

LONGEST: Final = 10_000
"""Characters; a longer text is not judged. Far above an utterance (30 s) or a clause."""
UNKNOWN_SAY: Final = "I am not sure about that one. Let's talk about something else."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RuleGate:
    """A `SafetyGate` of compiled rules; without rules it judges every text UNKNOWN."""

    rules: RuleSet | None
    fault: str = ""
    """Why there are no rules, for `doctor`; "" when all is well."""

    async def judge(self, text: str, direction: Direction) -> Verdict:
        """The ruling on one text. Well under a millisecond for a clause; does not wait."""
        try:
            return self._judge(text, direction)
        except Exception:  # noqa: BLE001 - the gate fails closed, whatever went wrong
            _log.exception("a text could not be judged")
            return _unknown("exception")

    def _judge(self, text: str, direction: Direction) -> Verdict:
        if self.rules is None:
            return _unknown("no rules")
        if len(text) > LONGEST:
            return _unknown("too long")
        text.encode()  # a lone surrogate is not text
        rule = _first_match(self.rules, text, direction)
        if rule is None:
            return Verdict(Ruling.ALLOW)
        return Verdict(rule.ruling, rule.category, rule.name, rule.say_instead)


def load_gate(language: str = "en", country: str = "", *, for_adults: bool = False) -> RuleGate:
    """The gate for a language and the country (ISO 3166) whose contacts it names. Never raises."""
    try:
        return RuleGate(load_rules(language, country, for_adults=for_adults))
    except SafetyError as error:
        _log.error("%s", error)
        return RuleGate(None, fault=str(error))


def _first_match(rules: RuleSet, text: str, direction: Direction) -> Rule | None:
    raw = clean(text)
    plain = [rules.benign.sub("…", reading) for reading in readings(text)]
    for rule in rules.rules:
        if direction in rule.directions and _matches(rule, [raw] if rule.raw else plain):
            return rule
    return None


def _matches(rule: Rule, variants: list[str]) -> bool:
    return any(_applies(rule, variant) for variant in variants)


def _applies(rule: Rule, text: str) -> bool:
    """What excuses one sentence ("in the game") does not excuse another."""
    if not rule.pattern.search(text):
        return False
    if rule.unless is None or not rule.unless.search(text):
        return True
    sentences = text.split(" . ")
    return len(sentences) > 1 and any(_applies(rule, sentence) for sentence in sentences)


def _unknown(why: str) -> Verdict:
    return Verdict(Ruling.UNKNOWN, rule=why, say_instead=UNKNOWN_SAY)
