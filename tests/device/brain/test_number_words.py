"""Numbers in words: exactly those asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from device.brain.number_words import LARGEST, number_grammar
from device.brain.speech_grammar import Grammar
from device.brain.word_automaton import Automaton, automaton

ENGLISH = RbnfEngine.for_language("en")


def machine(numbers: set[int]) -> Automaton:
    return automaton(Grammar((number_grammar(numbers),), {}))


def spoken(number: int) -> str:
    """By somebody else's rules (Unicode CLDR), without "and"."""
    return ENGLISH.format_number(number).text_by_ruleset["spellout-numbering"].replace("-", " ")


@given(st.sets(st.integers(0, LARGEST), min_size=1, max_size=40), st.integers(0, LARGEST))
def test_exactly_the_wanted_numbers_are_spoken(numbers: set[int], other: int) -> None:
    said = machine(numbers)
    assert all(said.accepts(spoken(number)) for number in numbers)
    assert said.accepts(spoken(other)) == (other in numbers)


@pytest.mark.parametrize(
    ("sentence", "inside"),
    [
        ("one hundred and one", True),
        ("one hundred one", True),
        ("one hundred and", False),
        ("two thousand and five", True),
        ("two thousand and one hundred", False),
        ("twenty zero", False),
        ("", False),
    ],
)
def test_the_small_words(sentence: str, inside: bool) -> None:
    assert machine(set(range(5000))).accepts(sentence) is inside


def test_a_range_is_compact() -> None:
    arcs = sum(len(out) for out in machine(set(range(1001))).arcs.values())
    assert arcs < 120


@pytest.mark.parametrize("number", [-1, LARGEST + 1])
def test_numbers_without_words_are_refused(number: int) -> None:
    with pytest.raises(ValueError, match="can be said"):
        number_grammar([number])
