"""Two wordings of one question come out the same; what makes it another question is kept."""

from __future__ import annotations

from functools import cache

import pytest

from device.brain.recall.lexicon import Lexicon, load_lexicon
from device.brain.recall.meaning import Meaning, asked_terms, meaning_of, terms_of


@cache
def lexicon() -> Lexicon:
    return load_lexicon("en")


def meaning(text: str) -> Meaning:
    return meaning_of(text, lexicon())


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("how come grass is green", "why"),
        ("in which year did it end", "when"),
        ("who wrote Hamlet", "who"),
        ("how tall is a giraffe", "what"),
        ("can penguins fly", "whether"),
        ("do you know if penguins fly", "whether"),
        ("the capital of France", ""),
    ],
)
def test_what_is_asked_for(text: str, ask: str) -> None:
    assert meaning(text).ask == ask


def test_numbers_and_superlatives_are_decisive() -> None:
    assert meaning("the second tallest of 20 towers").decisive == {"second", "most", "#20"}
    assert meaning("the saltiest sea").decisive == {"most"}


def test_faster_than_all_others_is_fastest() -> None:
    assert meaning("faster than all others").decisive == meaning("the fastest").decisive == {"most"}


def test_a_possessive_asks_about_its_owner() -> None:
    assert set(meaning("France's capital").concepts) == set(meaning("the capital of France").concepts)


def test_one_misheard_word_leaves_a_term_in_common() -> None:
    kept = terms_of(meaning("what do flamingos eat in winter"))
    heard = asked_terms(meaning("what do flamenco eat in winter"))
    assert {term for term in kept if term.startswith("=")} & set(heard)


def test_a_word_heard_as_two_is_found_by_its_sound() -> None:
    kept = terms_of(meaning("what is photosynthesis"))
    heard = asked_terms(meaning("what is photo synthesis"))
    assert {term for term in kept if term.startswith("~")} & set(heard)
