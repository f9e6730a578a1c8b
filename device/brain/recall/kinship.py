"""How nearly two things that questions are about are the same, by a thesaurus."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter

from device.brain.recall.lexicon import Lexicon, Role
from device.brain.recall.meaning import Meaning, items_of, together
from device.brain.recall.thesaurus import Thesaurus

Concepts = frozenset[str]
"""One, or those that a phrase is about: to put out is to extinguish."""
Named = tuple[str, str]
"""A concept, and the word that said it."""
_REMEMBERED = 2048
_MOST_KIN, _MOST_SWAPS = 24, 4
"""Of a word: those that are looked at, and those that questions are looked up by."""
_LONGEST = 3
_ONE_WAY = 0.8
_BOTH_IN_THE_PACK = 0.5
"""The pack has the one and the other, and did not say that they are the same."""


class Kinship:
    """Of the concepts of one language. For one thread; without a thesaurus nothing is akin."""

    def __init__(self, lexicon: Lexicon, thesaurus: Thesaurus | None) -> None:
        self._lexicon = lexicon
        self._thesaurus = thesaurus
        self._names = {item.name for items in lexicon.phrases.values() for item in items}
        self._kin = lru_cache(_REMEMBERED)(self._looked_up)

    def of(self, concept: str, said: str) -> Mapping[Concepts, float]:
        """What a concept, said in this word, may also be called; with a nearness from 0 to 1."""
        return self._kin(concept, said)

    def nearness(self, asked: Named, kept: Named) -> float:
        """0 where they are not akin or must not be confused.

        A word that the pack does not have is akin to all words of a concept if to one of them.
        """
        if self._thesaurus is None:
            return 0.0
        near = self._thesaurus.nearness(self._word(*asked), self._word(*kept))
        if asked[0] in self._names and kept[0] in self._names:
            near *= _BOTH_IN_THE_PACK
        elif kept[0] in self._names:
            near = max(near, _ONE_WAY * self.of(*asked).get(frozenset(kept[:1]), 0.0))
        return 0.0 if not near or self.are_rivals(asked, kept) else near

    def phrases(self, one: Named, others: Sequence[Named]) -> Iterator[tuple[Concepts, float]]:
        """Two of the others, which stand together, that say what the one says: put out, extinguish."""
        if self._thesaurus is None:
            return
        word = self._word(*one)
        for first, second in pairwise(others):
            if near := self._thesaurus.nearness(word, f"{first[1]}_{second[1]}"):
                yield frozenset((first[0], second[0])), near

    def are_rivals(self, one: Named, other: Named) -> bool:
        """Things of one kind, or opposites."""
        return self._lexicon.alike_in_kind(one[0], other[0]) or (
            self._thesaurus is not None and self._thesaurus.are_opposed(self._word(*one), self._word(*other))
        )

    def _looked_up(self, concept: str, said: str) -> Mapping[Concepts, float]:
        found: dict[Concepts, float] = {}
        if self._thesaurus is not None:
            kin_of_word = self._thesaurus.kin(self._word(concept, said)).items()
            for kin, near in heapq.nlargest(_MOST_KIN, kin_of_word, key=itemgetter(1)):
                if (concepts := self._concepts(kin)) and concept not in concepts:
                    found[concepts] = max(near, found.get(concepts, 0.0))
        return found

    def _word(self, concept: str, said: str) -> str:
        """As the thesaurus may have it: the word itself, but for a phrase of the pack what it is called."""
        if concept not in self._names or self._concepts(said) == {concept}:
            return said
        return concept.replace(" ", "_")

    def _concepts(self, word: str) -> Concepts:
        """None of them where a part of it is a number, a question word or the like."""
        words = tuple(word.split("_"))
        if len(words) > _LONGEST:
            return frozenset()
        items = [item for item, _ in items_of(words, self._lexicon)]
        if any(item.role in (Role.ASK, Role.DECISIVE) for item in items):
            return frozenset()
        return frozenset(item.name for item in items if item.role is Role.CONCEPT)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What of two questions is akin, and what is left of either."""

    nearness: tuple[float, ...]
    asked: Concepts
    kept: Concepts


def paired(asked: Sequence[Named], kept: Sequence[Named], kinship: Kinship) -> Pairs:
    """Pairs the concepts that two questions do not share, the nearest first."""
    choices = sorted(_choices(asked, kept, kinship), key=lambda choice: -choice[0])
    one, other = {name for name, _ in asked}, {name for name, _ in kept}
    found = []
    for near, ours, theirs in choices:
        if ours <= one and theirs <= other:
            one, other = one - ours, other - theirs
            found.append(near)
    return Pairs(tuple(found), frozenset(one), frozenset(other))


def _choices(
    asked: Sequence[Named], kept: Sequence[Named], kinship: Kinship
) -> Iterator[tuple[float, Concepts, Concepts]]:
    for one in asked:
        for other in kept:
            if near := kinship.nearness(one, other):
                yield near, frozenset(one[:1]), frozenset(other[:1])
    for one in asked:
        yield from ((near, frozenset(one[:1]), them) for them, near in kinship.phrases(one, kept))
    for other in kept:
        yield from ((near, them, frozenset(other[:1])) for them, near in kinship.phrases(other, asked))


def kin_terms(asked: Meaning, kinship: Kinship) -> list[str]:
    """What a question is found by that says one thing by another word, the nearest first.

    Where there is more than one thing, another one may differ, too.
    """
    said = zip(asked.concepts, asked.spoken, strict=True)
    swaps = [
        (near, concept, kin)
        for concept, word in said
        for kin, near in heapq.nlargest(_MOST_SWAPS, kinship.of(concept, word).items(), key=itemgetter(1))
    ]
    instead = [
        (kin, frozenset(asked.concepts) - {concept} | kin)
        for _, concept, kin in sorted(swaps, key=itemgetter(0), reverse=True)
    ]
    terms = [together(concepts) for _, concepts in instead]
    terms += [together(concepts - {left}) for kin, concepts in instead for left in sorted(concepts - kin)]
    return list(dict.fromkeys(terms))
