"""Texts in the form in which the sentences are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.normalise import normalise, without_polite_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("What's the time?", "what is the time"),
        ("What’s the time", "what is the time"),
        ("I can't hear you!", "i cannot hear you"),
        ("today's date", "today's date"),
        ("twenty-one", "twenty one"),
        ("7×8", "7 x 8"),
        ("5 - 3", "5 - 3"),
        ("5-3", "5 - 3"),
        ("30% off", "30 % off"),
        ("1,000.50 dollars", "1,000.50 dollars"),
        ("STOP!!!", "stop"),
        ("  ...  ", ""),
        ("😀", ""),
    ],
)
def test_words_are_left_and_nothing_else(text: str, words: str) -> None:
    assert normalise(text) == words


@given(st.text(max_size=200))
def test_a_normalised_text_is_its_own_normal_form(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


def test_polite_words_go_one_at_a_time() -> None:
    before, after = ("please", "can you", "tell me"), ("please", "robot")
    peeled = list(without_polite_words("can you tell me a joke please robot", before, after))
    assert peeled == [
        "can you tell me a joke please robot",
        "can you tell me a joke please",
        "can you tell me a joke",
        "tell me a joke",
        "a joke",
    ]


def test_a_text_of_polite_words_alone_keeps_the_last() -> None:
    assert list(without_polite_words("please please", ("please",), ("please",))) == [
        "please please",
        "please",
    ]
