"""The ways in which a language asks for one thing, made one: "how old do dogs get" asks for their lifespan.

A frame is a line `pattern -> instead`. In a pattern `*` is any words, at least one, `(one|the other)` a
choice, `<one|other>` a choice that is kept, `(such)?` words that may be missing, and `*ing` a word that
ends so. In what stands instead each `*` is the next of what was kept, and `*2` the second.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_CHOICE = re.compile(r"[(<]([^)>]*)[)>](\??)$")
_TOKEN = re.compile(r"\([^)]*\)\??|<[^>]*>|\S+")
_KEPT = re.compile(r"\*(\d?)")
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Frame:
    """One line, for utterances of words that each have a space behind them."""

    pattern: re.Pattern[str]
    instead: str
    needs: tuple[frozenset[str], ...]
    """Of each of these some word is there, or it does not fit."""

    def rewritten(self, text: str) -> str | None:
        found = self.pattern.fullmatch(text)
        if found is None:
            return None
        kept = [words.strip() for words in found.groups()]
        following = iter(kept)
        return _KEPT.sub(lambda at: kept[int(at[1]) - 1] if at[1] else next(following), self.instead)


class Frames:
    """Those of a language; the first that fits counts, and those with a known beginning before others."""

    def __init__(self, lines: Sequence[str]) -> None:
        """Raises ValueError with the line that is no frame."""
        read = [_frame(line) for line in lines]
        self._frames = [frame for frame, _ in sorted(read, key=lambda each: _ANY in each[1])]
        self._always: set[int] = set()
        self._by_word: dict[str, set[int]] = {}
        common = Counter(word for frame in self._frames for some in frame.needs for word in some)
        for number, frame in enumerate(self._frames):
            for word in min(frame.needs, key=lambda some: sum(common[word] for word in some), default=()):
                self._by_word.setdefault(word, set()).add(number)
            if not frame.needs:
                self._always.add(number)

    def rewritten(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """The words as the frame has them, or as they are."""
        if not words:
            return words
        text, said = " ".join(words) + " ", frozenset(words)
        for number in sorted(self._always.union(*(self._by_word.get(word, ()) for word in said))):
            frame = self._frames[number]
            if any(said.isdisjoint(some) for some in frame.needs):
                continue
            if (instead := frame.rewritten(text)) is not None:
                return tuple(instead.split())
        return words


def _frame(line: str) -> tuple[Frame, set[str]]:
    pattern, arrow, instead = line.partition("->")
    tokens = _TOKEN.findall(pattern)
    kept = sum(token[0] in "*<" for token in tokens)
    if not arrow or not tokens or kept != instead.count(_ANY):
        raise ValueError(line)
    try:
        compiled = re.compile("".join(map(_matching, tokens)))
    except re.error as error:
        raise ValueError(line) from error
    needs = tuple(some for token in tokens[1:] if (some := _needed(token)))
    return Frame(compiled, instead.strip(), needs), _firsts(tokens)


def _needed(token: str) -> frozenset[str]:
    choice = _CHOICE.match(token)
    if token.startswith(_ANY) or (choice and choice[2]):
        return frozenset()
    return frozenset(words.split()[0] for words in choice[1].split("|")) if choice else frozenset((token,))


def _matching(token: str) -> str:
    if token == _ANY:
        return r"((?:\S+ )+?)"
    if token.startswith(_ANY):
        return rf"(\S+{re.escape(token[1:])} )"
    if (choice := _CHOICE.match(token)) is not None:
        either = "|".join(f"{re.escape(words.strip())} " for words in choice[1].split("|"))
        return f"({either})" if token[0] == "<" else f"(?:{either}){choice[2]}"
    return f"{re.escape(token)} "


def _firsts(tokens: Sequence[str]) -> set[str]:
    """The words with which it may begin, `*` for any."""
    firsts = set[str]()
    for token in tokens:
        choice = _CHOICE.match(token)
        firsts |= (
            {words.split()[0] for words in choice[1].split("|")}
            if choice
            else {_ANY if _ANY in token else token}
        )
        if not choice or not choice[2]:
            break
    return firsts


def alternatives(line: str) -> list[str]:
    """All that a line with choices stands for: "(my|our) dog" is "my dog" and "our dog"."""
    found = [""]
    for token in _TOKEN.findall(line):
        choice = _CHOICE.match(token)
        words = choice[1].split("|") if choice else [token]
        words += [""] if choice and choice[2] else []
        found = [f"{before} {word}".strip() for before in found for word in words]
    return found
