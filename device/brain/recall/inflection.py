"""The plain form of an English word: without plural, -ing, -ed.

Rough on purpose: both sides of a comparison are treated alike, so a form has to be the same, not correct.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ENDINGS = (
    (re.compile(r"(?<=.{2})ies$"), "y"),
    (re.compile(r"(?<=ss|sh|ch)es$|(?<=[xz])es$"), ""),
    (re.compile(r"(?<=.{2}[^sui])s$"), ""),
    (re.compile(r"(?<=.{2})ied$"), "y"),
    (re.compile(r"(?<=[aeiouy].)ing$|(?<=[aeiouy]..)ing$|(?<=[aeiouy]...)ing$"), ""),
    (re.compile(r"(?<=[aeiouy].)ed$|(?<=[aeiouy]..)ed$|(?<=[aeiouy]...)ed$"), ""),
)
_DOUBLED = re.compile(r"([bdgmnprt])\1$")
_SILENT = re.compile(r"(?<=...)e$")
_MOST = re.compile(r"^(.{2,}?[^aeiou])(i?)est$")
_NO_SUPERLATIVES = frozenset(
    ("forest", "harvest", "interest", "honest", "modest", "contest", "budapest", "request", "everest")
)


@lru_cache(maxsize=8192)
def plain(word: str) -> str:
    """As short a form as rules give; words of up to three letters stay as they are."""
    if len(word) <= 3 or not word.isalpha():
        return word
    for ending, instead in _ENDINGS:
        shorter, cut = ending.subn(instead, word)
        if cut:
            word = shorter
            break
    return _SILENT.sub("", _DOUBLED.sub(r"\1", word))


def superlative_of(word: str) -> str | None:
    """The plain adjective of a word in -est; None if it is none."""
    found = _MOST.match(word)
    if found is None or word in _NO_SUPERLATIVES:
        return None
    return plain(_DOUBLED.sub(r"\1", found[1]) + ("y" if found[2] else ""))
