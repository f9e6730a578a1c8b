"""What an utterance asks, in a form in which two wordings of one question are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from device.brain.normalise import normalise
from device.brain.recall.courtesy import without_courtesy
from device.brain.recall.inflection import superlative_of
from device.brain.recall.lexicon import Item, Lexicon, Role, Words
from device.brain.recall.sound_alike import skeleton

LONGEST = 40
"""Words; whoever says more asks nothing that was asked before."""
_LONGEST_PHRASE = 8
_OPENERS = frozenset(
    "is are am was were do does did has have had can could will would shall should may might must".split()
)
_MEASURING = frozenset(("how", "what", "which"))
_MEANING = "mean"
_SHORTEST_HALF = 3
"""Letters of a word that is part of another."""
_INDIRECT = frozenset(("if", "whether"))
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
        " sixteen seventeen eighteen nineteen twenty".split()
    )
    if number != 1
} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
    "thousand": "1000",
    "million": "1000000",
    "billion": "1000000000",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """A question, taken apart."""

    words: Words
    """As they were said, without the polite ones."""
    ask: str
    """why, who, when, where, how, what; whether for a yes or no; "" where no word says it."""
    decisive: frozenset[str]
    """What turns it into another question, numbers included."""
    concepts: Words
    """What it is about, in the order in which it was said."""
    spoken: Words
    """The words that said each of the concepts."""

    @property
    def key(self) -> str:
        return " ".join(self.words)


def meaning_of(text: str, lexicon: Lexicon) -> Meaning:
    """Takes an utterance apart. About 0.1 ms."""
    words = without_courtesy(words_of(text), lexicon)
    indirect = words[:1] and words[0] in _INDIRECT
    items = items_of(lexicon.frames.rewritten(words[1:] if indirect else words), lexicon)
    concepts = [(item.name, said) for item, said in items if item.role is Role.CONCEPT]
    names = {name for name, _ in concepts}
    implied = frozenset().union(*(lexicon.implied.get(name, frozenset()) - {name} for name in names))
    concepts = [(name, said) for name, said in concepts if name not in implied]
    if _MEANING in names and len(names) == 2 and not _decisive(items):  # what it means is what it is
        concepts = [(name, said) for name, said in concepts if name != _MEANING]
    once = dict(reversed(concepts))
    unique = tuple(dict.fromkeys(name for name, _ in concepts))
    return Meaning(
        words,
        "whether" if indirect else _ask(items, words, lexicon),
        _decisive(items),
        unique,
        tuple(once[name] for name in unique),
    )


def words_of(text: str) -> Words:
    """Its words without apostrophes: "Saturn's" asks about Saturn."""
    return tuple(word.partition("'")[0] for word in normalise(text).split()[:LONGEST])


def terms_of(meaning: Meaning) -> tuple[str, ...]:
    """What a question is found by: all its concepts together, all but one, how each sounds, each alone.

    Two questions that differ in one misheard word share the concepts without it.
    """
    concepts = sorted(meaning.concepts)
    terms = [together(concepts)]
    terms += [f"~{code}" for said in meaning.spoken if len(code := skeleton(said)) >= 3]
    if len(concepts) > 1:
        terms += [together(concepts[:left] + concepts[left + 1 :]) for left in range(len(concepts))]
    terms += [concept.replace(" ", "_") for concept in concepts]
    return tuple(dict.fromkeys(terms))


def asked_terms(meaning: Meaning) -> tuple[str, ...]:
    """The terms of an utterance: of those of a question, and of words that may have been one word."""
    joined = (f"~{code}" for pair in pairwise(meaning.words) if len(code := skeleton("".join(pair))) >= 3)
    return tuple(dict.fromkeys((*terms_of(meaning), *joined)))


def together(concepts: Iterable[str]) -> str:
    """A term for all of these, in any order. Short, as there are many: a hash of 48 bits."""
    return "=" + hashlib.blake2b("+".join(sorted(concepts)).encode(), digest_size=6).hexdigest()


def items_of(words: Words, lexicon: Lexicon) -> list[tuple[Item, str]]:
    """The longest phrases that are known, from the left; with the words that said them."""
    forms = tuple(lexicon.form(word) for word in words)
    found: list[tuple[Item, str]] = []
    at = 0
    while at < len(words):
        for count in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            if (items := lexicon.phrases.get(forms[at : at + count])) is not None:
                said = "".join(words[at : at + count])
                break
        else:
            found += _unknown(words[at], forms[at], lexicon)
            at += 1
            continue
        found += [(item, said) for item in items]
        at += count
    return found


def _unknown(word: str, form: str, lexicon: Lexicon) -> list[tuple[Item, str]]:
    if word in _NUMBERS or word[0].isdigit():
        return [(Item(Role.DECISIVE, "#" + _NUMBERS.get(word, word)), word)]
    if (adjective := superlative_of(word)) is not None:
        known = lexicon.phrases.get((adjective,), (Item(Role.CONCEPT, adjective),))
        return [(item, word) for item in (Item(Role.DECISIVE, "most"), *known)]
    return _halves(word, form, lexicon) or [(Item(Role.CONCEPT, form), word)]


def _halves(word: str, form: str, lexicon: Lexicon) -> list[tuple[Item, str]]:
    """A sunflower is a sun flower; nothing for a word that is not made of two known ones."""
    for at in range(_SHORTEST_HALF, len(form) - _SHORTEST_HALF + 1):
        if (one := lexicon.parts.get(form[:at])) and (other := lexicon.parts.get(form[at:])):
            return [*((item, word[:at]) for item in one), *((item, word[at:]) for item in other)]
    return []


def _decisive(items: list[tuple[Item, str]]) -> frozenset[str]:
    """Faster than all others is fastest."""
    names = frozenset(item.name for item, _ in items if item.role is Role.DECISIVE)
    if "more" in names and not names.isdisjoint(("other", "all")):
        return names - {"more", "other", "all"} | {"most"}
    return names


def _ask(items: list[tuple[Item, str]], words: Words, lexicon: Lexicon) -> str:
    names = [item.name for item, _ in items]
    asks = [
        "what" if item.name == "how" and then in lexicon.measures else item.name
        for (item, _), then in zip(items, [*names[1:], ""], strict=False)
        if item.role is Role.ASK
    ]
    if not asks and not _MEASURING.isdisjoint(words):  # "how tall", where it is the height that counts
        return "what"
    if not asks:
        return "whether" if words and words[0] in _OPENERS else ""
    return next((ask for ask in asks if ask != "what"), "what")
