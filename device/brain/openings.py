"""Openings: what is left out of an answer that goes on from what the device has already said.

Text is taken one character at a time, so the same text gives the same answer however it was broken up.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from device.brain.pack_files import sections
from device.brain.packs import PACKS
from device.contracts import ReplyItem, Say, Spoken
from device.pipeline import close

_SPACES: Final = " \t\r\n"
_ENDS: Final = "!,.:;?…—–"
_SENTENCE: Final = re.compile(r"[^.!?…]+")
_LONGEST_GAP: Final = 16
"""Spaces and punctuation between and behind the words of an opening; held back no further."""

Opening = tuple[str, ...]
"""Its words, in lower case."""


def needless(language: str, root: Path = PACKS) -> frozenset[Opening]:
    """The openings of a language's pack that an answer can do without. Raises BrokenPack."""
    return frozenset(map(_words, sections(root / language / "openings.txt")["needless"]))


async def continued(
    items: AsyncIterator[ReplyItem], said: str, openings: frozenset[Opening]
) -> AsyncIterator[ReplyItem]:
    """The answer without its openings and without what was `said` already; closing it closes `items`.

    Sound that comes with its words is left out when nothing else is in them, and whole otherwise.
    """
    rest = Continuation(said, openings)
    try:
        async for item in items:
            if isinstance(item, Say):
                if text := rest.feed(item.text):
                    yield Say(text, item.ends)
            elif not isinstance(item, Spoken):
                yield item
            elif rest.begun or not _only_opens(item.text, said, openings):
                if text := rest.finish():
                    yield Say(text)
                yield item
        if text := rest.finish():
            yield Say(text)
    finally:
        await close(items)


class Continuation:
    """Takes an answer's text as it comes and gives it on from where it says something new."""

    def __init__(self, said: str, openings: frozenset[Opening]) -> None:
        repeated = {_words(said), *map(_words, _SENTENCE.findall(said))}
        self._openings = openings | {words for words in repeated if words}
        self._held = ""
        self._dropped = False
        self.begun = False
        """Something of the answer was given on."""

    def feed(self, text: str) -> str:
        """What can be given on now; no more is held back than the longest opening with its gaps."""
        for at, char in enumerate(text):
            if self.begun:
                return self._begin() + text[at:]
            self._held = (self._held + char).lstrip(_SPACES + (_ENDS if self._dropped else ""))
            self._look(is_all=False)
        return self._begin() if self.begun else ""

    def finish(self) -> str:
        """No more comes: what was held back, if it is no opening."""
        self._look(is_all=True)
        self.begun = True
        return self._begin()

    def _look(self, *, is_all: bool) -> None:
        """Drop the opening at the beginning, if one is complete; begin, if none can become so."""
        while self._held and not self.begun:
            ends = [_end(opening, self._held, is_all) for opening in self._openings]
            longest = max((end for end in ends if end is not None), default=0)
            if None in ends:
                return
            if not longest:
                self.begun = True
                return
            self._dropped = True
            self._held = self._held[longest:].lstrip(_SPACES + _ENDS)

    def _begin(self) -> str:
        held, self._held = self._held, ""
        return held[:1].upper() + held[1:] if self._dropped else held


def _end(opening: Opening, text: str, is_all: bool) -> int | None:
    """Where the opening ends in `text`; 0: it does not begin with it; None: more must come to tell."""
    unknown = 0 if is_all else None
    at = 0
    for number, word in enumerate(opening):
        start = _skip(text, at, _SPACES + ",") if number else 0
        if start - at > _LONGEST_GAP or (number and start == at < len(text)):
            return 0
        piece = _plain(text[start : start + len(word)])
        if not word.startswith(piece):
            return 0
        if piece != word:
            return unknown
        at = start + len(word)
    end = _skip(text, at, _SPACES)
    if end - at > _LONGEST_GAP:
        return 0
    if end == len(text):
        return end if is_all else None
    return end + 1 if text[end] in _ENDS else 0


def _skip(text: str, at: int, chars: str) -> int:
    while at < len(text) and text[at] in chars:
        at += 1
    return at


def _words(text: str) -> Opening:
    return tuple(_plain(text).replace(",", " ").strip(_SPACES + _ENDS).split())


def _plain(text: str) -> str:
    return text.lower().replace("’", "'")


def _only_opens(text: str, said: str, openings: frozenset[Opening]) -> bool:
    rest = Continuation(said, openings)
    return not rest.feed(text) + rest.finish()
