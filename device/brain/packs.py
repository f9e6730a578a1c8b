"""The reply packs of a language: jokes, stories, facts and phrases, read and checked."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from device.brain.pack_files import BrokenPack, lines_of, paragraphs, sections

PACKS = Path(__file__).parent / "packs"
_SPEAKABLE = re.compile(r"[\w\s.,:;!?'’\"()%-]+")
_LONGEST = {"joke": 400, "fact": 250, "story": 1500}
"""Characters: longer is hard to follow by ear."""


class Deck:
    """Tells each of its texts once before it repeats any."""

    def __init__(self, texts: tuple[str, ...], chance: random.Random) -> None:
        self._texts = texts
        self._chance = chance
        self._left: list[str] = []

    def draw(self, topic: str = "") -> str | None:
        """A text that was not told lately; with a topic, one about it, or None if there is none."""
        if not self._left:
            self._left = list(self._texts)
            self._chance.shuffle(self._left)
        fitting = [text for text in self._left if _is_about(text, topic)]
        fitting = fitting or [text for text in self._texts if _is_about(text, topic)]
        if not fitting:
            return None
        if fitting[-1] in self._left:
            self._left.remove(fitting[-1])
        return fitting[-1]


class Phrases:
    """Stock phrases in several wordings."""

    def __init__(self, wordings: Mapping[str, tuple[str, ...]], chance: random.Random) -> None:
        self._wordings = wordings
        self._chance = chance

    def __contains__(self, name: str) -> bool:
        return name in self._wordings

    def say(self, name: str, **filled: object) -> str:
        """One of the wordings, its braces filled in. KeyError when there is no such phrase."""
        return self._chance.choice(self._wordings[name]).format(**filled)


@dataclass(frozen=True, slots=True)
class Packs:
    """Everything there is to tell in one language. The decks remember what was told."""

    decks: Mapping[str, Deck]
    """By intent: "joke", "fact" and "story"."""
    phrases: Phrases


def load(language: str, chance: random.Random, root: Path = PACKS) -> Packs:
    """Read the packs of a language. Raises BrokenPack, which names the file, the line and what to do."""
    here = root / language
    texts = {
        "joke": _checked("joke", here / "jokes.txt", _jokes(here / "jokes.txt")),
        "fact": _checked("fact", here / "facts.txt", list(_facts(here / "facts.txt"))),
        "story": _checked("story", here / "stories.txt", _stories(here / "stories.txt")),
    }
    decks = {name: Deck(told, chance) for name, told in texts.items()}
    return Packs(decks, Phrases(_phrases(here / "phrases.txt"), chance))


def _jokes(path: Path) -> list[tuple[int, str]]:
    return [(each.line, " ".join(each.lines)) for each in paragraphs(path)]


def _facts(path: Path) -> list[tuple[int, str]]:
    return [(number, line) for number, line in lines_of(path) if line]


def _stories(path: Path) -> list[tuple[int, str]]:
    told = []
    for each in paragraphs(path):
        title, *story = each.lines
        if not title.startswith("=") or not story:
            raise BrokenPack(path, each.line, "begin the story with a line: = Title")
        told.append((each.line, f"{title[1:].strip()}. {' '.join(story)}"))
    return told


def _checked(kind: str, path: Path, texts: list[tuple[int, str]]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    for line, text in texts:
        if not text.endswith((".", "!", "?", '."', '!"', '?"')):
            raise BrokenPack(path, line, f"end the {kind} with a full stop.")
        if len(text) > _LONGEST[kind]:
            raise BrokenPack(path, line, f"make the {kind} shorter than {_LONGEST[kind]} characters.")
        if not _SPEAKABLE.fullmatch(text):
            raise BrokenPack(path, line, "write signs and emoji as words: they cannot be spoken.")
        if text.lower() in seen:
            raise BrokenPack(
                path, line, f"this {kind} stands in line {seen[text.lower()]} already; delete one."
            )
        seen[text.lower()] = line
    if not seen:
        raise BrokenPack(path, 1, f"write at least one {kind}.")
    return tuple(text for _, text in texts)


def _phrases(path: Path) -> Mapping[str, tuple[str, ...]]:
    wordings = sections(path)
    for number, line in lines_of(path):
        try:
            list(Formatter().parse(line))
        except ValueError as wrong:
            raise BrokenPack(path, number, f"close every brace: {wrong}.") from wrong
    return wordings


def _is_about(text: str, topic: str) -> bool:
    """Whether a text has the last word of the topic, singular or plural: "the solar system", "cats"."""
    words = re.findall(r"\w+", topic.lower())
    if not words:
        return True
    stem = words[-1].removesuffix("s")
    return re.search(rf"\b{re.escape(stem)}(s|es)?\b", text.lower()) is not None
