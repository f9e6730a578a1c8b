"""Cuts streaming text into clauses that can be spoken, as early as is safe.

The first clause is short, so that the voice begins soon; later ones are longer, because by then
there is sound to wait behind, and a voice is better over whole sentences.

Text is taken one character at a time whatever the deltas were, so the same text gives the same
clauses however it was broken up. Look-ahead: a cut is made once the first letter or digit of the
*next* clause is known (only that tells "p.m. and" from "p.m. The", and gives emoji, closing quotes
and brackets to the clause that they follow); before a conjunction, once that word has ended.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

UNSPEAKABLE_MAX: Final = 24
"""Of a longer run without letter or digit ("-----…", a wall of emoji) the rest is dropped."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many characters on a clause may end, and where it must. Chosen by ear with espeak-ng."""

    sentence: int
    """At the end of a sentence."""
    pause: int
    """At a comma, semicolon, colon, dash, ellipsis or emoji."""
    conjunction: int
    """Before "and", "because" and the like."""
    words: int
    """Anywhere between words, from this many words on."""
    longest: int
    """No clause is longer, unless it is one unbroken word (and then bounded by the later limits)."""

    @property
    def reach(self) -> int:
        """A clause that has grown past this is cut; what is between is room for punctuation."""
        return self.longest - UNSPEAKABLE_MAX


FIRST: Final = Limits(sentence=1, pause=12, conjunction=20, words=8, longest=84)
LATER: Final = Limits(sentence=24, pause=80, conjunction=110, words=40, longest=224)


@dataclass(frozen=True, slots=True)
class Language:
    """The words of one language that decide where text may be cut; all lower case."""

    never_end: frozenset[str]
    """Abbreviations after which the sentence goes on."""
    before_number: frozenset[str]
    """Abbreviations in front of a number, words of their own otherwise ("No. 5", "No. I won't")."""
    may_end: frozenset[str]
    """Abbreviations that end a sentence when a capital letter follows."""
    conjunctions: frozenset[str]
    weak: frozenset[str]
    """Words that belong to the next one: no clause should end in them."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


ENGLISH: Final = Language(
    never_end=_words(
        "dr. mr. mrs. ms. mx. prof. st. mt. ft. gen. col. sgt. capt. lt. rev. hon. sen. gov. e.g. eg. i.e. "
        "ie. cf. vs. viz. approx. est. dept. tue. tues. wed. thu. thur. thurs. fri. feb. aug. sept. oct. nov."
    ),
    before_number=_words(
        "no. nos. vol. ch. pp. fig. figs. eq. sec. ca. min. max. tel. ext. rm. jan. mar. apr. jun. jul. sep. "
        "dec. mon. sat. sun."
    ),
    may_end=_words("a.m. p.m. am. pm. etc. inc. ltd. co. corp. jr. sr. b.c. a.d. al. ave. blvd. rd."),
    conjunctions=_words(
        "and but or so because although though while when where which who since unless until if then"
    ),
    weak=_words(
        "a an the my your his her its our their this that these those some any no of to in on at by for with "
        "from into as and but or so if is are was were be very too not i you he she it we they"
    ),
)
LANGUAGES: Final = {"en": ENGLISH}
"""A language that is not here is cut by punctuation and length alone."""

_UNKNOWN_LANGUAGE: Final = Language(*[frozenset[str]()] * 5)

_SENTENCE_ENDS: Final = frozenset(".!?…。！？｡।॥؟۔")
_PAUSES: Final = frozenset(",;:–—、，；：،؛")
_CUTS_WITHOUT_SPACE: Final = frozenset("—…。！？｡、，；：।")
_TAIL: Final = re.compile(r"[\W_]*\Z")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")
_LIST_MARKER: Final = re.compile(r"[\W_]*(?:\d{1,3}|[A-Za-z])[.)]\s*\Z")
_ZWJ: Final = "\u200d"
_VIRAMA: Final = 9
"""The combining class of the signs that bind two Indic consonants into one grapheme."""


class _Strength(enum.IntEnum):
    GLUED = 0
    WORD = 1
    PAUSE = 2
    SENTENCE = 3
    LINE = 4


class ClauseSplitter:
    """Splits one reply. `"".join` of its clauses is the text, but for white space and endless punctuation.

    Every clause holds a letter or a digit; text without any yields nothing.
    """

    def __init__(self, language: str = "en", first: Limits = FIRST, later: Limits = LATER) -> None:
        self._language = LANGUAGES.get(language, _UNKNOWN_LANGUAGE)
        self._limits = first
        self._later = later
        self._text = ""

    def feed(self, delta: str, *, ends: bool = False) -> list[str]:
        """Take a piece of text, broken anywhere; return the clauses that are now complete.

        `ends`: whoever made the text knows that a clause is complete with it.
        """
        clauses: list[str] = []
        for char in delta:
            if char.isspace():
                self._take_space(char, clauses)
            elif char.isalnum():
                self._take_speakable(char, clauses)
            elif not _is_full(self._text):
                self._text += char
        return clauses + self.flush() if ends else clauses

    def flush(self) -> list[str]:
        """The text has ended: return what is left. The splitter can then take another text's rest."""
        rest, self._text = self._text.strip(), ""
        return [rest] if _speakable(rest) else []

    def _take_space(self, char: str, clauses: list[str]) -> None:
        self._cut_before_conjunction(clauses)
        space = "\n" if char in "\n\r\v\f\x85\u2028\u2029" else " "
        if not self._text:
            return
        if not self._text[-1].isspace():
            self._text += space
        elif space == "\n":
            self._text = self._text[:-1] + space

    def _take_speakable(self, char: str, clauses: list[str]) -> None:
        self._text += char
        at = _boundary_before_last(self._text)
        if at and self._may_cut(at):
            self._cut(at, clauses)
        elif at and len(self._text[:at].split()) >= self._limits.words and (best := self._between_words()):
            self._cut(best, clauses)
        while len(self._text) > self._limits.reach:
            forced = self._between_words() or self._between_words(glued=True) or self._inside_word()
            if not forced:
                break
            self._cut(forced, clauses)

    def _may_cut(self, at: int) -> bool:
        length = len(self._text[:at].rstrip())
        match self._strength(at):
            case _Strength.LINE:
                return True
            case _Strength.SENTENCE:
                return length >= self._limits.sentence
            case _Strength.PAUSE:
                return length >= self._limits.pause
            case _:
                return False

    def _cut_before_conjunction(self, clauses: list[str]) -> None:
        before, _, word = self._text.rpartition(" ")
        if word.lower() not in self._language.conjunctions or len(before) < self._limits.conjunction:
            return
        at = len(before) + 1
        if _speakable(before) and self._strength(at) is not _Strength.GLUED and not self._is_weak(at):
            self._cut(at, clauses)

    def _cut(self, at: int, clauses: list[str]) -> None:
        clauses.append(self._text[:at].strip())
        self._text = self._text[at:].lstrip()
        self._limits = self._later

    def _between_words(self, glued: bool = False) -> int:
        """The last good place between words, 0 for none; parts what belongs together only if `glued`."""
        boundaries = [at for at in _word_boundaries(self._text) if at <= self._limits.reach + 1]
        kept = [at for at in boundaries if glued or self._strength(at) is not _Strength.GLUED]
        strong = [at for at in kept if not self._is_weak(at)]
        return max(strong or kept, default=0)

    def _inside_word(self) -> int:
        """Where to break a word that is too long by itself, 0 for not yet. Never inside a grapheme.

        Scripts written without spaces break at the limit; words with spaces around them, which are
        then addresses or numbers, only at the later clauses' limit.
        """
        spaceless = ord(self._text[-1]) >= 0x0E00
        if not spaceless and len(self._text) <= self._later.reach:
            return 0
        places = [at for at in range(1, self._limits.reach + 1) if _breakable(self._text, at)]
        outside_numbers = [at for at in places if not self._text[at].isdigit()]
        return max(outside_numbers or places, default=self._limits.reach)

    def _is_weak(self, at: int) -> bool:
        word = _last_word(self._text[:at])
        return word.lower() in self._language.weak or word[-1:].isdigit()

    def _strength(self, at: int) -> _Strength:
        """How strongly the text falls apart before `at`."""
        left = self._text[:at]
        tail = _TAIL.search(left)
        marks = tail[0] if tail else ""
        if "\n" in marks:
            return _Strength.LINE
        if _LIST_MARKER.match(left.rpartition("\n")[2]):
            return _Strength.GLUED
        follower = next(char for char in self._text[at:] if char.isalnum())
        ends = _SENTENCE_ENDS.intersection(marks)
        if ends == {"."} and marks.count(".") == 1:
            return self._after_full_stop(left[: len(left) - len(marks)], follower)
        if ends:
            lower = follower.islower() and not marks.strip().endswith(("!", "?"))
            return _Strength.PAUSE if lower else _Strength.SENTENCE
        return _without_full_stop(left[: len(left) - len(marks)], marks, follower)

    def _after_full_stop(self, left: str, follower: str) -> _Strength:
        word = _last_word(left)
        abbreviation = word.lower() + "."
        if abbreviation in self._language.may_end:
            return _Strength.SENTENCE if follower.isupper() else _Strength.GLUED
        if abbreviation in self._language.never_end:
            return _Strength.GLUED
        if abbreviation in self._language.before_number and follower.isdigit():
            return _Strength.GLUED
        if _INITIALS.match(word) and word != "I" and word.isascii():
            return _Strength.GLUED
        return _Strength.PAUSE if follower.islower() else _Strength.SENTENCE


def in_clauses(text: str) -> tuple[str, ...]:
    """A whole text as it is cut before it is spoken."""
    splitter = ClauseSplitter()
    cut = [*splitter.feed(text), *splitter.flush()]
    return tuple(clause.strip() for clause in cut if clause.strip())


def _without_full_stop(left: str, marks: str, follower: str) -> _Strength:
    range_or_groups = not set(marks) - set(" -–—:/")
    if left[-1:].isdigit() and follower.isdigit() and range_or_groups:
        return _Strength.GLUED
    dash = " - " in marks or " -- " in marks
    emoji = any(ord(char) >= 0x2190 for char in marks)
    return _Strength.PAUSE if dash or emoji or _PAUSES.intersection(marks) else _Strength.WORD


def _speakable(text: str) -> bool:
    return any(char.isalnum() for char in text)


def _is_full(text: str) -> bool:
    """The text already ends in as many characters that cannot be spoken as are kept."""
    return len(text) >= UNSPEAKABLE_MAX and not _speakable(text[-UNSPEAKABLE_MAX:])


def _last_word(left: str) -> str:
    """The last word, without the quotes and brackets that open it or the marks that follow it."""
    words = _TAIL.sub("", left).split()
    return words[-1].lstrip("\"'“‘«([{*_¿¡") if words else ""


def _boundary_before_last(text: str) -> int:
    """If the last character is the first to be spoken of its word: where that word begins, else 0."""
    at = len(text) - 1
    while at > 0 and not text[at - 1].isalnum() and not text[at - 1].isspace():
        if text[at - 1] in _CUTS_WITHOUT_SPACE and _parts_words(text, at):
            break
        at -= 1
    if at == 0 or text[at - 1].isalnum() or not _speakable(text[:at]):
        return 0
    tail = _TAIL.search(text[:at])
    newline = tail[0].rfind("\n") if tail else -1
    return tail.start() + newline + 1 if tail and newline >= 0 else at


def _parts_words(text: str, at: int) -> bool:
    """A mark without a space parts two words ("yes—but"), never two numbers ("3—4") or an address."""
    return text[-1].isalpha() and len(text) > at and not text[: at - 1].endswith(tuple("0123456789/"))


def _word_boundaries(text: str) -> list[int]:
    """Every place between two words of `text` where both sides can be spoken."""
    spoken = [at for at, char in enumerate(text) if char.isalnum()]
    starts = {_boundary_before_last(text[: at + 1]) for at in spoken}
    return sorted(starts - {0})


def _breakable(text: str, at: int) -> bool:
    """A letter or digit that begins a grapheme, with something to be spoken before it."""
    before = text[at - 1]
    joined = before == _ZWJ or unicodedata.combining(before) == _VIRAMA or "\u1160" <= text[at] <= "\u11ff"
    return text[at].isalnum() and not joined and _speakable(text[:at])
