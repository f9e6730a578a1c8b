"""A language's `meanings.txt`: which words mean the same, and which must never be taken for one another."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from device.brain import normalise as normalise_module
from device.brain.normalise import normalise
from device.brain.pack_files import BrokenPack, sections
from device.brain.packs import PACKS
from device.brain.recall.frames import Frames, alternatives
from device.brain.recall.inflection import plain

Words = tuple[str, ...]
_HEADINGS = (
    "before",
    "after",
    "talk",
    "little",
    "light",
    "implied",
    "asks",
    "decisive",
    "frames",
    "measures",
    "same",
    "kinds",
    "forms",
)


class Role(enum.Enum):
    """What a word does in a question."""

    ASK = "ask"
    """It says what is asked for: why, who, when."""
    DECISIVE = "decisive"
    """It turns the question into another one: not, most, my."""
    CONCEPT = "concept"
    """It says what the question is about."""
    LITTLE = "little"


@dataclass(frozen=True, slots=True)
class Item:
    """A word or phrase, by what it means."""

    role: Role
    name: str


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known of a language's words; they are in the form that `form` gives."""

    before: frozenset[Words]
    after: frozenset[Words]
    talk: frozenset[str]
    """Words of asking itself, as they are said."""
    asking: frozenset[str]
    """Those of them without which a question does not end in mere talk."""
    introducing: frozenset[str]
    """Words of talk, and those that stand with them before a question: my teacher asked us."""
    frames: Frames
    phrases: Mapping[Words, tuple[Item, ...]]
    parts: Mapping[str, tuple[Item, ...]]
    """Words that are a concept by themselves, as they are said and in their plain form."""
    measures: frozenset[str]
    """Concepts that "how" asks the amount of: how tall."""
    light: Mapping[str, frozenset[str]]
    """Concepts that may be missing, by what is asked; under "": whatever is asked."""
    implied: Mapping[str, frozenset[str]]
    kinds: Mapping[str, frozenset[int]]
    """Of which lists of things a concept is one."""
    forms: Mapping[str, str]
    fingerprint: str
    """Another with every change of the words or of the rules: kept questions are then indexed anew."""

    def form(self, word: str) -> str:
        """The plain form of a word."""
        return plain(self.forms.get(word, word))

    def alike_in_kind(self, one: str, other: str) -> bool:
        """They are two of the same kind, so that one is not the other misheard."""
        kinds = self.kinds.get(one)
        return kinds is not None and not kinds.isdisjoint(self.kinds.get(other, ()))


def load_lexicon(language: str, root: Path = PACKS) -> Lexicon:
    """Raises BrokenPack, which names the file, the line and what to do."""
    file = root / language / "meanings.txt"
    under = sections(file)
    if missing := [heading for heading in _HEADINGS if heading not in under]:
        raise BrokenPack(file, 1, f"put [{missing[0]}] back, with its lines.")
    try:
        frames = Frames(under["frames"])
    except ValueError as error:
        raise BrokenPack(file, 1, f"“{error}” under [frames] is no frame; write it as the others.") from error
    parts = (file, *rule_sources())
    digest = hashlib.blake2b(b"".join(part.read_bytes() for part in parts), digest_size=8)
    return _lexicon(under, frames, digest.hexdigest())


def rule_sources() -> tuple[Path, ...]:
    """The sources that decide how questions are kept: this package, and what it takes words apart with."""
    return (*sorted(Path(__file__).parent.glob("*.py")), Path(normalise_module.__file__))


def _lexicon(under: Mapping[str, Words], frames: Frames, fingerprint: str) -> Lexicon:
    forms = {form: word for word, others in _named(under["forms"]) for form in others}

    def formed(text: str) -> Words:
        return tuple(plain(forms.get(word, word)) for word in normalise(text).split())

    phrases: dict[Words, tuple[Item, ...]] = {}
    decisive = {name for name, _ in _named(under["decisive"])}
    for name, wordings in _named(under["decisive"]):
        for wording in wordings:
            phrases.setdefault(formed(wording), (Item(Role.DECISIVE, name),))
    for name, wordings in _named(under["asks"]):
        for wording in wordings:
            phrases.setdefault(formed(wording), (Item(Role.ASK, name),))
    for name, wordings in _named(under["same"]):
        items = tuple(_item(word, decisive) for word in name.split())
        for wording in wordings:
            phrases.setdefault(formed(wording), items)
    for wording in _listed(under["little"]):
        phrases.setdefault(formed(wording), (Item(Role.LITTLE, ""),))

    names = {item.name for items in phrases.values() for item in items if item.role is Role.CONCEPT}

    def concept(word: str) -> str:
        if word in names:
            return word
        words = formed(word)
        known = [item.name for item in phrases.get(words, ()) if item.role is Role.CONCEPT]
        return known[0] if known else " ".join(words)

    kinds: dict[str, set[int]] = {}
    for number, line in enumerate(under["kinds"]):
        for thing in _listed((line,)):
            for name in (concept(thing), " ".join(formed(thing))):  # also where a killer whale is a whale
                kinds.setdefault(name, set()).add(number)
    light: dict[str, set[str]] = {}
    for line in under["light"]:
        ask, _, words = line.rpartition(":")
        light.setdefault(ask, set()).update(concept(word) for word in _listed((words,)))
    return Lexicon(
        _phrases(under["before"]),
        _phrases(under["after"]),
        frozenset(_listed(under["talk"][:2])),
        frozenset(_listed(under["talk"][1:2])),
        frozenset(_listed(under["talk"])),
        frames,
        phrases,
        _parts(under["same"], phrases, formed),
        frozenset(map(concept, _listed(under["measures"]))),
        {ask: frozenset(words) for ask, words in light.items()},
        {concept(name): frozenset(map(concept, others)) for name, others in _named(under["implied"])},
        {name: frozenset(numbers) for name, numbers in kinds.items()},
        forms,
        fingerprint,
    )


def _parts(
    lines: Words, phrases: Mapping[Words, tuple[Item, ...]], formed: Callable[[str], Words]
) -> dict[str, tuple[Item, ...]]:
    parts = {}
    for _, wordings in _named(lines):
        for word in wordings:
            items = phrases[formed(word)] if word.isalpha() else ()
            if items and all(item.role is Role.CONCEPT for item in items):
                parts[word] = parts[formed(word)[0]] = items
    return parts


def _phrases(lines: Words) -> frozenset[Words]:
    return frozenset(tuple(normalise(each).split()) for line in lines for each in alternatives(line))


def _item(word: str, decisive: set[str]) -> Item:
    if word.startswith("?"):
        return Item(Role.ASK, word[1:])
    return Item(Role.DECISIVE if word in decisive else Role.CONCEPT, word)


def _named(lines: Words) -> Iterator[tuple[str, list[str]]]:
    for line in lines:
        name, _, others = line.partition(":")
        yield name.strip(), list(_listed((others,)))


def _listed(lines: Words) -> Iterator[str]:
    for line in lines:
        yield from (part.strip() for part in line.split(",") if part.strip())
