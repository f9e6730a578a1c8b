"""The reply packs of a language: jokes, facts, stories and phrases, read and checked."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from device.brain.pack_files import BrokenPack, Paragraph, lines_of, paragraphs, sections
from device.contracts import Stock

PACKS = Path(__file__).parent / "packs"
_SPEAKABLE = re.compile(r"[\w\s.,:;!?'’\"()-]+")
_ENDINGS = (".", "!", "?", '."', '!"', '?"')
_LONGEST = {"joke": 300, "fact": 200, "story": 1500}
"""Characters: more is hard to follow by ear."""


class Deck:
    """Tells each of its texts once before it repeats any."""

    def __init__(self, texts: tuple[str, ...], rng: random.Random) -> None:
        self._texts = texts
        self._rng = rng
        self._left: list[str] = []

    def draw(self, topic: str = "") -> str | None:
        """A text that was not told lately; with a topic one about it, or None if there is none."""
        if not self._left:
            self._left = self._rng.sample(self._texts, len(self._texts))
        fitting = [text for text in (*self._left, *self._texts) if _is_about(text, topic)]
        if not fitting:
            return None
        if fitting[0] in self._left:
            self._left.remove(fitting[0])
        return fitting[0]


class Phrases:
    """Phrases in several wordings, which are used in turn."""

    def __init__(self, wordings: Mapping[str, tuple[str, ...]], name: str) -> None:
        self._wordings = wordings
        self._name = name
        self._used: dict[str, int] = {}

    def say(self, name: str, /, **filled: object) -> str:
        """The next wording, its braces filled in ({name}: the device's). KeyError without such a phrase."""
        turn = self._used.get(name, 0)
        self._used[name] = turn + 1
        wordings = self._wordings[name]
        return wordings[turn % len(wordings)].format(**{"name": self._name, **filled})


@dataclass(frozen=True, slots=True)
class Packs:
    """Everything there is to say in one language. Decks and phrases remember what was said."""

    decks: Mapping[str, Deck]
    """By intent: "joke", "fact" and "story"."""
    phrases: Phrases


def load(language: str, rng: random.Random, root: Path = PACKS, *, name: str = "Robot") -> Packs:
    """Read the packs of a language, for a device of that name.

    Raises BrokenPack, which names the file, the line and what to do.
    """
    here = root / language
    decks = {
        "joke": Deck(_checked("joke", here / "jokes.txt", _joined), rng),
        "fact": Deck(_checked("fact", here / "facts.txt", _joined), rng),
        "story": Deck(_checked("story", here / "stories.txt", _story), rng),
    }
    wordings = {
        heading: lines
        for file in ("small_talk.txt", "stock.txt", "timers.txt", "openings.txt", "promises.txt")
        for heading, lines in _wordings(here / file).items()
    }
    return Packs(decks, Phrases(wordings, name))


def phrases(language: str, root: Path = PACKS, *, name: str = "Robot") -> Callable[[Stock], str]:
    """What to say in each stock case. Raises BrokenPack, also for a case that has no words."""
    path = root / language / "stock.txt"
    wordings = _wordings(path)
    for stock in Stock:
        if stock.value not in wordings:
            raise BrokenPack(path, 1, f"write what to say under a heading [{stock.value}].")
    said = Phrases(wordings, name)
    return lambda stock: said.say(stock.value)


def timer_phrases(language: str, root: Path = PACKS, *, name: str = "Robot") -> Phrases:
    """What to say of timers and when they ring. Raises BrokenPack."""
    return Phrases(_wordings(root / language / "timers.txt"), name)


def promise_phrases(language: str, root: Path = PACKS, *, name: str = "Robot") -> Phrases:
    """What to say of promises and their answers. Raises BrokenPack."""
    return Phrases(_wordings(root / language / "promises.txt"), name)


def stock_wordings(language: str, root: Path = PACKS) -> tuple[str, ...]:
    """Every wording of every stock phrase. Raises BrokenPack."""
    return tuple(line for lines in _wordings(root / language / "stock.txt").values() for line in lines)


def _joined(path: Path, paragraph: Paragraph) -> str:
    return " ".join(paragraph.lines)


def _story(path: Path, paragraph: Paragraph) -> str:
    title, *sentences = paragraph.lines
    if not 5 <= len(sentences) <= 8:
        raise BrokenPack(path, paragraph.line, "a story is a title and five to eight sentences, a line each.")
    return f"{title}. {' '.join(sentences)}"


def _checked(kind: str, path: Path, read: Callable[[Path, Paragraph], str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    texts = []
    for paragraph in paragraphs(path):
        line, text = paragraph.line, read(path, paragraph)
        if not text.endswith(_ENDINGS):
            raise BrokenPack(path, line, f"end the {kind} with a full stop.")
        if len(text) > _LONGEST[kind]:
            raise BrokenPack(path, line, f"make the {kind} shorter than {_LONGEST[kind]} characters.")
        if not _SPEAKABLE.fullmatch(text):
            raise BrokenPack(path, line, "write signs and emoji as words: they cannot be spoken.")
        if text.lower() in seen:
            raise BrokenPack(path, line, f"this {kind} stands in line {seen[text.lower()]}, too; delete one.")
        seen[text.lower()] = line
        texts.append(text)
    if not texts:
        raise BrokenPack(path, 1, f"write at least one {kind}.")
    return tuple(texts)


def _wordings(path: Path) -> Mapping[str, tuple[str, ...]]:
    for number, line in lines_of(path):
        try:
            list(Formatter().parse(line))
        except ValueError as wrong:
            raise BrokenPack(path, number, "close every brace that is opened, as in {percent}.") from wrong
    return sections(path)


def _is_about(text: str, topic: str) -> bool:
    """Whether a text has the last word of the topic, singular or plural: "the solar system", "cats"."""
    words = re.findall(r"\w+", topic.lower())
    if not words:
        return True
    stem = words[-1].removesuffix("s")
    return re.search(rf"\b{re.escape(stem)}(s|es)?\b", text.lower()) is not None
