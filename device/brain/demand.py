"""What an utterance asks of a mind. Pure: expressions over normalised words, from the language's pack."""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.brain.normalise import normalise
from device.brain.pack_files import BrokenPack, sections
from device.brain.packs import PACKS

LONGEST: Final = 300
"""Characters that are looked at: what somebody wants stands at the beginning."""


class Demand(enum.Enum):
    """What an answer takes."""

    WISH = "wish"
    """A person asked for the deep mind, or for hard thought."""
    VISION = "vision"
    TALK = "talk"
    """Small talk, feelings, and whatever somebody tells of themselves."""
    RECENCY = "recency"
    """What changes from day to day: news, weather, results, prices."""
    REASONING = "reasoning"
    """Long thought: to explain, compare, plan, write, translate, suggest."""
    KNOWLEDGE = "knowledge"
    """A question about the world."""
    OTHER = "other"


_ORDER: Final = (
    ("wish", Demand.WISH),
    ("vision", Demand.VISION),
    ("talk", Demand.TALK),
    ("recency", Demand.RECENCY),
    ("recency_of_the_world", Demand.RECENCY),
    ("reasoning", Demand.REASONING),
    ("knowledge", Demand.KNOWLEDGE),
    ("knowledge_of_the_world", Demand.KNOWLEDGE),
    ("statement", Demand.TALK),
)
_OF_THE_WORLD: Final = frozenset({"recency_of_the_world", "knowledge_of_the_world"})
"""Headings that do not count for what is about a person's own affairs."""


@dataclass(frozen=True, slots=True)
class Demands:
    """One language's patterns, ready to match."""

    patterns: Mapping[str, re.Pattern[str]]
    """By heading."""
    own_affairs: re.Pattern[str]
    before: tuple[str, ...]

    def of(self, text: str) -> Demand:
        """What `text` asks; well under a millisecond."""
        whole = normalise(text[:LONGEST])
        bare = self.without_beginning(whole)
        own = self.own_affairs.search(bare) is not None
        for heading, demand in _ORDER:
            if own and heading in _OF_THE_WORLD:
                continue
            if self.patterns[heading].search(bare) or self.patterns[heading].search(whole):
                return demand
        return Demand.OTHER

    def without_beginning(self, words: str) -> str:
        """Normalised words from where what is wanted begins: without "please" and the like."""
        while phrase := next((phrase for phrase in self.before if words.startswith(phrase + " ")), None):
            words = words[len(phrase) + 1 :]
        return words


def load(language: str, root: Path = PACKS) -> Demands:
    """Raises BrokenPack."""
    path = root / language / "demand.txt"
    found = sections(path)
    return Demands(
        {heading: _compiled(path, found[heading]) for heading, _ in _ORDER},
        _compiled(path, found["own_affairs"]),
        found["before"],
    )


def _compiled(path: Path, lines: Sequence[str]) -> re.Pattern[str]:
    """Any of the lines, as whole words. Raises BrokenPack."""
    for line in lines:
        try:
            re.compile(line)
        except re.error as error:
            raise BrokenPack(path, 1, f"{line!r} is no pattern ({error}); mend it.") from error
    return re.compile("|".join(rf"(?<!\S)(?:{line.strip()})(?!\S)" for line in lines))
