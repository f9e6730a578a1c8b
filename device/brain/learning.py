"""Whether a question and its answer may be kept for later. Pure: expressions over normalised words.

What is kept must be general, the same for everybody who asks, and true for long. Made to keep too little
rather than too much: what is not kept is only asked of System 2 once more.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.brain import demand, evasions, privacy
from device.brain.chunker import in_clauses
from device.brain.demand import Demand, Demands
from device.brain.evasions import Evasions
from device.brain.normalise import normalise
from device.brain.pack_files import sections
from device.brain.pack_patterns import compiled
from device.brain.packs import PACKS
from device.brain.privacy import Privacy, Private

LONGEST_QUESTION: Final = 160
"""Characters, about 10 s of speech: a longer one tells a story of its own."""
LONGEST_ANSWER: Final = 600
"""Characters, about 40 s of speech."""


class Refusal(enum.Enum):
    """Why a turn is not learned from."""

    NO_CONSENT = "no consent"
    OTHER_MIND = "not System 2's answer"
    UNCERTAIN = "not heard for certain"
    FAILED = "the turn failed"
    NOT_WHOLE = "not spoken to its end"
    GATE = "the safety gate"
    PERSONAL = "somebody's own affairs"
    HEALTH = "health"
    PLACE = "a place"
    FOLLOW_UP = "refers to what was said"
    EXPIRES = "not true for long"
    VARIES = "another answer each time"
    ROBOT = "about the robot, or for it to do"
    NO_QUESTION = "not a general question"
    TOO_LONG = "too long"
    ANSWER_EXPIRES = "the answer is not true for long"
    ANSWER_TO_ONE = "the answer is for one person"
    ANSWER_DOUBTS = "the answer is not sure"


_OF_QUESTION: Final = (
    Refusal.PERSONAL,
    Refusal.HEALTH,
    Refusal.PLACE,
    Refusal.EXPIRES,
    Refusal.FOLLOW_UP,
    Refusal.VARIES,
    Refusal.ROBOT,
)
_OF_ANSWER: Final = (Refusal.ANSWER_EXPIRES, Refusal.ANSWER_TO_ONE, Refusal.ANSWER_DOUBTS)
_PRIVATE: Final = {Private.HEALTH: Refusal.HEALTH, Private.PLACES: Refusal.PLACE}
"""What tells about a person otherwise is `PERSONAL`."""
_LASTING: Final = frozenset({Demand.KNOWLEDGE, Demand.REASONING, Demand.OTHER})
_FULL_NAME: Final = re.compile(r"\b[A-Z][\w'’]+(?: [A-Z][\w.'’]*| (?:da|de|der|van|von))* [A-Z][\w'’-]+")


@dataclass(frozen=True, slots=True)
class Learning:
    """One language's rules, ready to be asked."""

    patterns: Mapping[Refusal, re.Pattern[str]]
    question: re.Pattern[str]
    lasting: re.Pattern[str]
    """Words that make a question sound as if its answer changed, though it does not."""
    privacy: Privacy
    demands: Demands
    evasions: Evasions

    def refuses(self, question: str, answer: str) -> Refusal | None:
        """Why this is not kept; None: it may be. Up to 10 ms for a long answer."""
        return self.refuses_question(question) or self.refuses_answer(answer)

    def refuses_question(self, text: str) -> Refusal | None:
        if len(text) > LONGEST_QUESTION:
            return Refusal.TOO_LONG
        whole = normalise(text)
        bare = self.demands.without_beginning(whole)
        for refusal in _OF_QUESTION:
            if self.patterns[refusal].search(bare):
                return refusal
        if self.patterns[Refusal.FOLLOW_UP].match(whole):
            return Refusal.FOLLOW_UP
        if told := self.privacy.told(text):
            return _private(told)
        asked = self.demands.of(self.lasting.sub("", whole))
        if asked is Demand.RECENCY:
            return Refusal.EXPIRES
        if asked not in _LASTING or not self.question.search(bare):
            return Refusal.NO_QUESTION
        return None

    def refuses_answer(self, text: str) -> Refusal | None:
        if len(text) > LONGEST_ANSWER:
            return Refusal.TOO_LONG
        if told := self.privacy.told(self._without_the_famous(text)):
            return _private(told)
        words = normalise(text)
        if not words or text.rstrip().endswith("?"):
            return Refusal.ANSWER_TO_ONE
        for refusal in _OF_ANSWER:
            if self.patterns[refusal].search(words):
                return refusal
        if any(self.evasions.evades(clause) for clause in in_clauses(text)):
            return Refusal.ANSWER_DOUBTS
        return None

    def _without_the_famous(self, text: str) -> str:
        """Without names of several words: whom System 2 calls by first name and surname, the world knows.

        What begins a sentence counts as a name only if it is one ("Hello Tom" is none).
        """

        def left(name: re.Match[str]) -> str:
            words = name[0].lower().split()
            begins = not text[: name.start()].rstrip(" ")[-1:].islower()
            known = words[:1] if begins else words
            return "" if any(self.privacy.first_name.fullmatch(word) for word in known) else name[0]

        return _FULL_NAME.sub(left, text)


def load(language: str, root: Path = PACKS) -> Learning:
    """Raises BrokenPack."""
    path = root / language / "learning.txt"
    found = sections(path)
    words = {**sections(root / language / "privacy.txt"), **found}
    refused = {refusal: refusal.name.lower() for refusal in (*_OF_QUESTION, *_OF_ANSWER)}
    return Learning(
        {refusal: compiled(path, words, found[heading]) for refusal, heading in refused.items()},
        compiled(path, words, found["question"]),
        compiled(path, words, found["lasting"]),
        privacy.load(language, root),
        demand.load(language, root),
        evasions.load(language, root),
    )


def _private(told: frozenset[Private]) -> Refusal:
    return next((_PRIVATE[kind] for kind in _PRIVATE if kind in told), Refusal.PERSONAL)
