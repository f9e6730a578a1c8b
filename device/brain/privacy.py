"""What an utterance tells about a person. Pure: expressions over normalised words, from the language's pack.

Made to miss little rather than to be right each time: what it finds stays on board, and that costs no more
than a plainer answer. What it misses and what it keeps needlessly is measured in docs/routing.md.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from device.brain.normalise import normalise
from device.brain.pack_files import sections
from device.brain.pack_patterns import compiled
from device.brain.packs import PACKS
from device.brain.places import names
from device.config import Consent

LONGEST: Final = 600
"""Characters, about 40 s of speech; nobody looks through more, so a longer text tells everything."""
NUMBER_DIGITS: Final = 7
"""So many digits in a row are a number that reaches somebody; the shortest telephone numbers have as many."""
_WHOLE_NUMBER: Final = re.compile(r"\d+")
_OTHER_LETTER: Final = re.compile(r"[^\W\d_a-zà-öø-ÿ]")
"""A letter that `normalise` does not know, in lower case: the word that it is in cannot be looked at."""


class Private(enum.Enum):
    """Classes of what a person may not want to leave the device; each has its consent."""

    NAMES = "names"
    """Of people that somebody knows, and what reaches them: numbers, mail addresses."""
    PLACES = "places"
    """Where somebody is, lives, or goes."""
    HEALTH = "health"
    """How somebody's body or mind is, and who has died."""
    SECRETS = "secrets"
    """What is told only to those one trusts; there is no consent for it."""


def agreed(consent: Consent) -> frozenset[Private]:
    """What a person lets System 2 have."""
    given = {
        Private.NAMES: consent.names,
        Private.PLACES: consent.places,
        Private.HEALTH: consent.health,
    }
    return frozenset(kind for kind, allowed in given.items() if allowed)


@dataclass(frozen=True, slots=True)
class Privacy:
    """One language's patterns, ready to match."""

    patterns: Mapping[Private, re.Pattern[str]]
    first_name: re.Pattern[str]
    public: re.Pattern[str]
    """In it a name is that of somebody whom the world knows."""
    digits: frozenset[str]
    """Words for digits, as numbers are read out."""

    def told(self, text: str) -> frozenset[Private]:
        """What `text` tells about a person; all of it where that is unsure. Well under a millisecond."""
        if len(text) > LONGEST or _OTHER_LETTER.search(text.lower()):
            return frozenset(Private)
        words = normalise(text)
        found = {kind for kind, pattern in self.patterns.items() if pattern.search(words)}
        if self._reaches_somebody(words) or "@" in text:
            found |= {Private.NAMES, Private.PLACES}
        if self.first_name.search(words) and not self.public.search(words):
            found.add(Private.NAMES)
        return frozenset(found)

    def _reaches_somebody(self, words: str) -> bool:
        """A number as long as a telephone's, in figures or read out."""
        in_a_row = 0
        for word in words.split():
            if _WHOLE_NUMBER.fullmatch(word):
                in_a_row += len(word)
            elif word in self.digits:
                in_a_row += 1
            elif word not in "-()+":
                in_a_row = 0
            if in_a_row >= NUMBER_DIGITS:
                return True
        return False


def load(language: str, root: Path = PACKS) -> Privacy:
    """Raises BrokenPack."""
    path = root / language / "privacy.txt"
    found = {**sections(path), "place": tuple(map(re.escape, names(language, root)))}
    patterns = {kind: compiled(path, found, found[kind.value]) for kind in Private}
    return Privacy(
        patterns,
        compiled(path, found, ("<first_name>(?:'s)?",)),
        compiled(path, found, found["public"]),
        frozenset(found["digit"]),
    )
