"""Text as it comes from a mind, cut into clauses as early as they can be spoken. Pure.

A clause ends only between words, so numbers (3.14, 1,000, 10:30), addresses and emoji sequences stay
whole. Whether a word ends a clause is decided when the first letter of the next one is known: "No." is
an answer, "No. 5" is not. The first clause is short, because somebody is waiting for it.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

SENTENCE_ENDS = ".!?…。！？"  # the last three stand in scripts without spaces
UNSPACED_ENDS = "。！？"
CLAUSE_ENDS = ",;:—–、，；："
CLOSERS = "\"'”’»)]}」』）*_"
DASHES = {"-", "–", "—"}

_ABBREVIATIONS_EN = """
    mr mrs ms dr prof st jr sr vs etc e.g i.e a.m p.m u.s u.k approx dept est fig inc ltd no nos vol ph.d m.d
    jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun
"""
ABBREVIATIONS = {"en": frozenset(_ABBREVIATIONS_EN.split())}

BEFORE_NUMBERS = frozenset({"no", "nos", "vol", "fig"})
"""Words of their own that are abbreviations only before a number."""

_CONJUNCTIONS_EN = "and but or so because which while when if although then"
CONJUNCTIONS = {"en": frozenset(_CONJUNCTIONS_EN.split())}


@dataclass(frozen=True, slots=True)
class Lengths:
    """In characters."""

    comma: int
    """From here on a comma ends the clause."""
    conjunction: int
    """From here on the clause ends before an "and"."""
    longest: int


FIRST = Lengths(comma=12, conjunction=28, longest=70)
LATER = Lengths(comma=45, conjunction=90, longest=180)


class ClauseSplitter:
    """Feed it text in pieces of any size; the clauses do not depend on where the pieces broke.

    Nothing that can be spoken is lost or doubled; a rest without a letter or a digit is let go.
    """

    def __init__(self, language: str = "en") -> None:
        self._abbreviations = ABBREVIATIONS.get(language, frozenset())
        self._conjunctions = CONJUNCTIONS.get(language, frozenset())
        self._lengths = FIRST
        self._clause = ""
        self._gap = ""
        """The white space between the clause so far and the word that is being read."""
        self._word = ""
        self._space = ""
        self._done: list[str] = []

    def feed(self, text: str) -> list[str]:
        """The clauses that are complete now, without white space around them."""
        for char in text:
            if char.isspace():
                self._space += char
                continue
            if self._word and (self._space or self._must_break_before(char)):
                self._take_word(char)
            elif not self._word:
                self._gap, self._space = self._gap + self._space, ""
            self._word += char
        return self._emitted()

    def flush(self) -> list[str]:
        """The rest, at the end of the text. The splitter then begins anew."""
        if self._word:
            self._take_word("")
        self._end_clause()
        self._lengths = FIRST
        return self._emitted()

    def _emitted(self) -> list[str]:
        done, self._done = self._done, []
        return done

    def _must_break_before(self, char: str) -> bool:
        """Scripts without spaces end sentences inside what looks like one word; and no word is endless."""
        if self._word[-1] in UNSPACED_ENDS:
            return char not in SENTENCE_ENDS + CLOSERS
        return len(self._word) >= LATER.longest and not _joins(self._word[-1], char)

    def _take_word(self, next_char: str) -> None:
        word, space = self._word, self._space
        self._word = self._space = ""
        length = len(self._clause)
        too_long = length + len(self._gap) + len(word) > self._lengths.longest
        at_conjunction = length >= self._lengths.conjunction and word.lower() in self._conjunctions
        if too_long or at_conjunction:
            self._end_clause()
        self._clause += (self._gap if self._clause else "") + word
        self._gap = space
        if "\n" in space or self._ends_sentence(word, next_char) or self._ends_clause(word):
            self._end_clause()

    def _ends_sentence(self, word: str, next_char: str) -> bool:
        """A small letter goes on with the sentence: an abbreviation, a hesitation, '"Stop!" he said'."""
        core = word.rstrip(CLOSERS)
        if not core or core[-1] not in SENTENCE_ENDS:
            return False
        if next_char.islower():
            return len(self._clause) >= self._lengths.comma and not self._abbreviated(core, next_char)
        return not self._abbreviated(core, next_char)

    def _abbreviated(self, core: str, next_char: str) -> bool:
        """ "Dr.", "e.g.", an initial, the number of a list's item."""
        if not core.endswith(".") or core.endswith(".."):
            return False
        name = core[:-1].lower().lstrip(CLOSERS + "([{“‘«")
        if name in BEFORE_NUMBERS:
            return next_char.isdigit()
        initial = len(name) == 1 and name.isalpha() and name != "i"
        item = name.isdigit() and self._clause.strip() == core
        return name in self._abbreviations or initial or item

    def _ends_clause(self, word: str) -> bool:
        core = word.rstrip(CLOSERS)
        marked = word in DASHES or (core and core[-1] in CLAUSE_ENDS)
        return bool(marked) and len(self._clause) >= self._lengths.comma

    def _end_clause(self) -> None:
        """Only what holds something to say is a clause; a lonely sign waits for the words after it."""
        if any(char.isalnum() for char in self._clause):
            self._done.append(self._clause)
            self._lengths = LATER
        elif len(self._clause) < LATER.longest:
            return
        self._clause = self._gap = ""


def _joins(before: str, after: str) -> bool:
    """Whether two characters make one sign together: accents, joined emoji, skin tones, flags."""
    joiner = "\u200d"
    if joiner in (before, after) or unicodedata.category(after) in ("Mn", "Me", "Mc"):
        return True
    skin_tone = "\U0001f3fb" <= after <= "\U0001f3ff"
    flag = all("\U0001f1e6" <= char <= "\U0001f1ff" for char in (before, after))
    return skin_tone or flag
