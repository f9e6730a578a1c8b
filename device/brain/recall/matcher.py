"""The kept reply for an utterance, or none that is sure enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from cache.replies import MOST_TERMS
from cache.reply_rows import ReplyRow, Wording
from device.brain.recall.certainty import ENOUGH, SAME_WORDS, certainty
from device.brain.recall.kinship import Kinship, kin_terms
from device.brain.recall.lexicon import Lexicon
from device.brain.recall.meaning import Meaning, asked_terms, meaning_of, terms_of
from device.brain.recall.thesaurus import Thesaurus

_DOUBT = 0.05
"""Two replies that are this close to each other are both left unsaid."""
_REMEMBERED = 4096
NO_THESAURI: Mapping[str, Thesaurus] = MappingProxyType({})


class KeptReplies(Protocol):
    """What is asked of the store of replies (`cache.replies.ReplyStore`)."""

    def exact(self, language: str, key: str, character: str, now_s: float) -> ReplyRow | None: ...

    def near(
        self, language: str, terms: Sequence[str], character: str, now_s: float
    ) -> Sequence[ReplyRow]: ...


class Matcher:
    """Finds kept replies by what is asked. Knows no clock and no disk; for one thread."""

    def __init__(
        self, lexicons: Mapping[str, Lexicon], thesauri: Mapping[str, Thesaurus] = NO_THESAURI
    ) -> None:
        """Both by language: in one without a lexicon nothing is found, and without a thesaurus less."""
        self._lexicons = lexicons
        self._kinships = {name: Kinship(lexicon, thesauri.get(name)) for name, lexicon in lexicons.items()}
        self._kept = lru_cache(maxsize=_REMEMBERED)(self._meaning)

    def fingerprint(self, language: str) -> str:
        """Changes when questions have to be indexed anew; "" for a language that is not known."""
        lexicon = self._lexicons.get(language)
        return "" if lexicon is None else lexicon.fingerprint

    def wording(self, asked: str, language: str) -> Wording | None:
        """A question as it is kept; None where there is nothing to find it by."""
        meaning = self._meaning(asked, language)
        if meaning is None or not meaning.words:
            return None
        return Wording(asked, meaning.key, terms_of(meaning))

    def best(
        self, text: str, language: str, character: str, now_s: float, store: KeptReplies
    ) -> tuple[ReplyRow, float] | None:
        """The reply and how sure it is, `ENOUGH` to 1; None where none is. Raises what the store raises."""
        meaning = self._meaning(text, language)
        if meaning is None or not meaning.words:
            return None
        if (row := store.exact(language, meaning.key, character, now_s)) is not None:
            return row, SAME_WORDS
        if not meaning.concepts:
            return None
        near = store.near(language, self._terms(meaning, language), character, now_s)
        return _surest([(row, self._certainty(meaning, row)) for row in near])

    def _terms(self, asked: Meaning, language: str) -> list[str]:
        terms = asked_terms(asked)
        return [*terms, *kin_terms(asked, self._kinships[language])][:MOST_TERMS]

    def _certainty(self, asked: Meaning, row: ReplyRow) -> float:
        kept = self._kept(row.asked, row.language)
        return (
            0.0
            if kept is None
            else certainty(asked, kept, self._lexicons[row.language], self._kinships[row.language])
        )

    def _meaning(self, text: str, language: str) -> Meaning | None:
        lexicon = self._lexicons.get(language)
        return None if lexicon is None else meaning_of(text, lexicon)


def _surest(judged: Sequence[tuple[ReplyRow, float]]) -> tuple[ReplyRow, float] | None:
    ordered = sorted(judged, key=lambda pair: -pair[1])
    if not ordered or ordered[0][1] < ENOUGH:
        return None
    best, sure = ordered[0]
    rivals = (row for row, other in ordered if sure - other < _DOUBT)
    return None if any(row.reply != best.reply for row in rivals) else (best, sure)
