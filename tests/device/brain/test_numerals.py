"""Number words become digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unicode_rbnf import RbnfEngine

from device.brain.normalise import normalise
from device.brain.numerals import with_digits

ENGLISH = RbnfEngine.for_language("en")


@pytest.mark.parametrize(
    ("words", "digits"),
    [
        ("twenty one", "21"),
        ("two hundred and five", "205"),
        ("a thousand", "1000"),
        ("1 million twelve hundred", "1001200"),
        ("three point one four", "3.14"),
        ("zero point five", "0.5"),
        ("one two three", "1 2 3"),
        ("nineteen ninety nine", "19 99"),
        ("four hundred thousand", "400000"),
        ("1,234,567.5", "1234567.5"),
        ("twelve and twelve", "12 and 12"),
        ("10 and 10", "10 and 10"),
        ("roll two dice", "roll 2 dice"),
        ("hundreds of thousands", "hundreds of thousands"),
        ("the point of life", "the point of life"),
        ("", ""),
    ],
)
def test_number_words_become_digits(words: str, digits: str) -> None:
    assert with_digits(words) == digits


@given(st.integers(0, 10**13))
def test_every_number_that_is_spelled_out_comes_back(number: int) -> None:
    spelled = normalise(ENGLISH.format_number(number).text)
    assert with_digits(spelled) == str(number)


@given(st.integers(0, 10**6))
def test_digits_stay_as_they_are(number: int) -> None:
    assert with_digits(f"volume {number} percent") == f"volume {number} percent"
