"""Reads Princeton's WordNet 3.0 as it lies on the disk, in its own format: wndb(5), senseidx(5), morphy(7).

Nothing is loaded: the files are sorted, so that a word is found by bisection in a memory map.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
"""Parts of speech, as WordNet writes them and as it names its files."""
SYMBOLS = frozenset("!+&=")
"""What two synsets are to each other: opposites, derived, similar, attribute. Others are passed over."""
_SENSE_KINDS = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
_DETACHED = {
    "n": (
        ("ses", "s"),
        ("xes", "x"),
        ("zes", "z"),
        ("ches", "ch"),
        ("shes", "sh"),
        ("men", "man"),
        ("ies", "y"),
        ("s", ""),
    ),
    "v": (
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
        ("s", ""),
    ),
    "a": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "r": (),
}
"""The endings that are taken off, and what is put there instead, in the order of morphy(7)."""


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a word."""

    part: str
    """A key of FILES."""
    synset: int
    """Offset in its data file, in bytes."""
    rank: int
    """1 for the most frequent of its part of speech."""
    count: int
    """How often it was met in texts whose meanings were marked."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """From a synset to another."""

    symbol: str
    """One of SYMBOLS."""
    part: str
    synset: int
    source: int
    """Which word of the synset it starts from, from 1; 0: all of them."""
    target: int


@dataclass(frozen=True, slots=True)
class Synset:
    """Words that mean the same, as they are written; "_" for the space."""

    words: tuple[str, ...]
    pointers: tuple[Pointer, ...]
    """Those of SYMBOLS."""


class WordNet:
    """The files of one folder, which stay open. Methods raise nothing for words that are not there."""

    def __init__(self, folder: Path) -> None:
        """Raises OSError where a file is missing, ValueError where one is empty."""
        self._index = {part: _Sorted(folder / f"index.{name}") for part, name in FILES.items()}
        self._exceptions = {part: _Sorted(folder / f"{name}.exc") for part, name in FILES.items()}
        self._data = {part: _mapped(folder / f"data.{name}") for part, name in FILES.items()}
        self._counts = _Sorted(folder / "cntlist.rev")

    def lemmas(self, word: str) -> Iterator[tuple[str, str]]:
        """The (part of speech, dictionary form) that a word in lower case may have."""
        for part in FILES:
            seen = set[str]()
            for lemma in self._detached(word, part):
                if lemma not in seen and self._index[part].line(lemma) is not None:
                    seen.add(lemma)
                    yield part, lemma

    def _detached(self, word: str, part: str) -> Iterator[str]:
        yield word
        head, space, rest = word.partition("_")
        if space and part == "v":  # a verb with its particle: took in, takes in
            yield from (f"{verb}_{rest}" for verb in self._detached(head, part))
        if (line := self._exceptions[part].line(word)) is not None:
            yield from line[1:]
        elif len(word) > 3:
            yield from (
                word.removesuffix(ending) + instead
                for ending, instead in _DETACHED[part]
                if word.endswith(ending)
            )

    def senses(self, lemma: str, part: str) -> list[Sense]:
        """The most frequent first; none for a word that is not there."""
        line = self._index[part].line(lemma)
        if line is None:
            return []
        counts = self._sense_counts(lemma, part)
        offsets = line[-int(line[2]) :]
        return [Sense(part, int(at), rank, counts.get(rank, 0)) for rank, at in enumerate(offsets, start=1)]

    def _sense_counts(self, lemma: str, part: str) -> dict[int, int]:
        found = {}
        for key, rank, count in self._counts.starting_with(lemma + "%"):
            if _SENSE_KINDS.get(key.partition("%")[2][:1]) == part:
                found[int(rank)] = int(count)
        return found

    def synset(self, part: str, offset: int) -> Synset:
        data = self._data[part]
        end = data.find(b"\n", offset)
        fields = data[offset:end].split(b" |", 1)[0].decode("ascii", "replace").split()
        words_end = 4 + 2 * int(fields[3], 16)
        words = tuple(word.partition("(")[0] for word in fields[4:words_end:2])
        starts = range(words_end + 1, words_end + 1 + 4 * int(fields[words_end]), 4)
        pointers = (_pointer(*fields[at : at + 4]) for at in starts if fields[at] in SYMBOLS)
        return Synset(words, tuple(pointers))


def _pointer(symbol: str, offset: str, part: str, ends: str) -> Pointer:
    return Pointer(symbol, "a" if part == "s" else part, int(offset), int(ends[:2], 16), int(ends[2:], 16))


class _Sorted:
    """A file whose lines stand in the order of their bytes, fields parted by spaces, the key first."""

    def __init__(self, file: Path) -> None:
        self._map = _mapped(file)

    def line(self, key: str) -> list[str] | None:
        if not key or " " in key:
            return None  # the lines of the licence, which come first, begin with blanks
        return next((line for line in self.starting_with(key + " ")), None)

    def starting_with(self, prefix: str) -> Iterator[list[str]]:
        wanted = prefix.encode("utf-8")
        at = self._first_not_below(wanted)
        while self._map[at : at + len(wanted)] == wanted:
            end = self._map.find(b"\n", at)
            yield self._map[at:end].decode("ascii", "replace").split()
            at = end + 1

    def _first_not_below(self, wanted: bytes) -> int:
        low, high = 0, len(self._map)
        while low < high:
            start = self._map.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self._map.find(b"\n", start) + 1 or high
            if self._map[start : start + len(wanted)] < wanted:
                low = end
            else:
                high = start
        return low


def _mapped(file: Path) -> mmap.mmap:
    with file.open("rb") as opened:
        return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
