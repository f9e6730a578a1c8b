"""Which words mean nearly the same as a word, and which the opposite: from WordNet, where it is installed."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from device.brain.recall.wordnet import Sense, WordNet

log = logging.getLogger(__name__)

PLACES = (Path("/usr/share/wordnet"), Path("/usr/local/share/wordnet"))
"""Where Debian's package wordnet-base puts it, and where a person may."""
_REMEMBERED = 2048
_MOST_SENSES = 5
"""Of a word in one part of speech; rarer ones are not thought of."""
_LEAST = 0.05
_SAME, _DERIVED, _SIMILAR, _ATTRIBUTE = 1.0, 0.75, 0.7, 0.6
_FEW_SIMILAR = 12
"""An adjective that more others are similar to says too little: rocky, hilly and scaly are all rough."""
_POINTERS = {"+": _DERIVED, "&": _SIMILAR, "=": _ATTRIBUTE}


class Thesaurus:
    """Looks words up when they are asked for; for one thread."""

    def __init__(self, wordnet: WordNet) -> None:
        self._wordnet = wordnet
        self.kin = lru_cache(_REMEMBERED)(self._kin)
        """Word → {kin: nearness, 0 to 1}: how usual the meaning is that the two share; spaces are "_"."""
        self.opposites = lru_cache(_REMEMBERED)(self._opposites)
        self._lemmas = lru_cache(_REMEMBERED)(self._looked_up)

    def nearness(self, one: str, other: str) -> float:
        """0 to 1: both ways, as a rare meaning of either makes them less alike."""
        there = self._one_way(one, other)
        return math.sqrt(there * self._one_way(other, one)) if there else 0.0

    def _one_way(self, one: str, other: str) -> float:
        kin = self.kin(one)
        return max(kin.get(lemma, 0.0) for lemma in self._lemmas(other)) if kin else 0.0

    def are_opposed(self, one: str, other: str) -> bool:
        """Hot and cold."""
        return not (
            self.opposites(one).isdisjoint(self._lemmas(other))
            and self.opposites(other).isdisjoint(self._lemmas(one))
        )

    def _looked_up(self, word: str) -> frozenset[str]:
        return frozenset((word, *(lemma for _, lemma in self._wordnet.lemmas(word))))

    def _kin(self, word: str) -> Mapping[str, float]:
        found: dict[str, float] = {}
        for lemma, senses in self._senses(word):
            _keep_nearest(found, ((lemma, _SAME),))
            for sense, usual in senses:
                _keep_nearest(found, ((kin, usual * near) for kin, near in self._around(lemma, sense)))
        return {kin: near for kin, near in found.items() if near >= _LEAST and kin.islower() and kin != word}

    def _around(self, lemma: str, sense: Sense) -> Iterator[tuple[str, float]]:
        """The words of a synset, and of those that it points to."""
        synset = self._wordnet.synset(sense.part, sense.synset)
        if lemma not in synset.words:
            return  # a name: it is written with a capital
        own = synset.words.index(lemma) + 1
        yield from ((word, _SAME) for word in synset.words)
        crowded = sum(pointer.symbol == "&" for pointer in synset.pointers) > _FEW_SIMILAR
        for pointer in synset.pointers:
            near = _POINTERS.get(pointer.symbol)
            if near is None or (crowded and pointer.symbol == "&"):
                continue
            words = self._wordnet.synset(pointer.part, pointer.synset).words
            if pointer.target:
                near = near if pointer.source == own else near * _DERIVED
                yield words[pointer.target - 1], near
                near *= _SIMILAR
            yield from ((word, near) for word in words)

    def _opposites(self, word: str) -> frozenset[str]:
        """In any of its meanings."""
        found = set[str]()
        for lemma, senses in self._senses(word):
            for sense, _ in senses:
                synset = self._wordnet.synset(sense.part, sense.synset)
                for pointer in synset.pointers:
                    if pointer.symbol == "!":
                        other = self._wordnet.synset(pointer.part, pointer.synset)
                        if not pointer.source or synset.words[pointer.source - 1] == lemma:
                            found.update(other.words)
        return frozenset(found)

    def _senses(self, word: str) -> Iterator[tuple[str, list[tuple[Sense, float]]]]:
        """Its dictionary forms, with their meanings and how usual each is beside the most usual one."""
        found = [
            (lemma, sense)
            for part, lemma in self._wordnet.lemmas(word)
            for sense in self._wordnet.senses(lemma, part)[:_MOST_SENSES]
        ]
        most = max((_use(sense) for _, sense in found), default=1.0)
        for lemma in dict.fromkeys(lemma for lemma, _ in found):
            yield lemma, [(sense, _use(sense) / most) for own, sense in found if own == lemma]


def _use(sense: Sense) -> float:
    return sense.count + 1 / sense.rank


def _keep_nearest(found: dict[str, float], pairs: Iterable[tuple[str, float]]) -> None:
    for word, near in pairs:
        found[word] = max(near, found.get(word, 0.0))


def find_thesauri(places: Iterable[Path] = PLACES) -> Mapping[str, Thesaurus]:
    """What is installed, by language: WordNet, which is English, or nothing, which is told in the log."""
    for place in places:
        try:
            return {"en": Thesaurus(WordNet(place))}
        except (OSError, ValueError) as problem:
            log.debug("no thesaurus in %s: %s", place, problem)
    log.info("WordNet is not installed: kept replies are found by the words of the pack alone.")
    return {}
