"""How much two words sound alike, by rules of English spelling."""

from __future__ import annotations

import re
from functools import lru_cache

_RULES = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"[^a-z]", ""),
        (r"^kn|^gn|^pn", "n"),
        (r"^wr", "r"),
        (r"^ps", "s"),
        (r"^who(?=[lms])", "ho"),
        (r"^hour", "our"),
        (r"^wh", "w"),
        (r"tch|ch(?!r)", "C"),
        (r"sch|sh|(?<=.)ti(?=on|al|ou)|(?<=.)ci(?=al|ou)|(?<=.)ssi(?=on)", "S"),
        (r"ph", "f"),
        (r"gh(?=t|$)|(?<=[aeiou])gh", ""),
        (r"gh", "g"),
        (r"th", "T"),
        (r"dge?(?=[eiy]|$)|(?<=d)ge", "j"),
        (r"ck|q(?:u)?", "k"),
        (r"x", "ks"),
        (r"c(?=[eiy])", "s"),
        (r"c|ch", "k"),
        (r"g(?=e$|i|y)", "j"),
        (r"mb$", "m"),
        (r"(?<=.)e$", ""),
        (r"(?<=[aeiou])[wh]", ""),
        (r"z", "s"),
        (r"[aeiouy]+", "a"),
        (r"(.)\1+", r"\1"),
    )
)
_VOICELESS = str.maketrans("bdgvjT", "ptkfCt")
"""Recognisers confuse voiced with voiceless consonants; th with t."""


@lru_cache(maxsize=8192)
def code(word: str) -> str:
    """The sounds of a word: consonants by class, every run of vowels an "a"."""
    word = word.lower()
    for rule, sound in _RULES:
        word = rule.sub(sound, word)
    return word


def skeleton(word: str) -> str:
    """The consonants alone, voiced ones as their voiceless twins: the same for whatever is confused."""
    sounds = code(word).translate(_VOICELESS)
    return sounds[:1] + sounds[1:].replace("a", "")


def begin_alike(one: str, other: str) -> bool:
    """The first consonant is what a recogniser gets right: rubber is not paper."""
    return skeleton(one).lstrip("a")[:1] == skeleton(other).lstrip("a")[:1]


def sound_the_same(one: str, other: str) -> bool:
    """Nobody could tell them apart, and they are hardly written otherwise."""
    return code(one) == code(other) and _similarity(one, other) >= 0.8


@lru_cache(maxsize=8192)
def likeness(one: str, other: str) -> float:
    """0 for nothing in common to 1 for the same sounds; half of it is how alike they are written."""
    sounds = _similarity(code(one).translate(_VOICELESS), code(other).translate(_VOICELESS))
    letters = _similarity(one, other)
    return max(sounds, (sounds + letters) / 2)


def _similarity(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    return 1.0 if not longest else 1.0 - _edits(one, other) / longest


def _edits(one: str, other: str) -> int:
    """Levenshtein's distance (1966)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, start=1):
        corner, row[0] = row[0], at
        for column, against in enumerate(other, start=1):
            corner, row[column] = (
                row[column],
                min(row[column] + 1, row[column - 1] + 1, corner + (letter != against)),
            )
    return row[-1]
