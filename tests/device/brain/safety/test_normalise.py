"""Readings: disguises undone, everything else left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.safety.normalise import clean, readings


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("Hello, World!", "hello world ."),
        ("It's ME. Who’s there?", "it's me . who's there ."),
        ("a.b@c.org costs $3.50", "a b c org costs 3 50"),
        ("naïve café", "naive cafe"),
        ("h\u200bi", "hi"),
        ("ｈｉ", "hi"),
        ("рауpal", "paypal"),
    ],
)
def test_the_first_reading_is_the_plain_text(text: str, reading: str) -> None:
    assert readings(text)[0] == reading


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("k1ll", "kill"),
        ("@ss", "ass"),
        ("k-i-l-l him", "kill him"),
        ("i k i l l him", "i kill him"),
        ("fuuuuck", "fuck"),
        ("stooop it", "stop it"),
    ],
)
def test_a_disguise_has_a_reading_without_it(text: str, reading: str) -> None:
    assert reading in readings(text)


@pytest.mark.parametrize("text", ["at 3 pm", "it is 10 30", "class 4 b", "i a m", "the 2nd of may", "1000"])
def test_numbers_and_short_words_are_left_alone(text: str) -> None:
    assert readings(text)[0] == text


@given(st.text(max_size=300))
def test_a_reading_holds_single_spaces_and_lower_case_only(text: str) -> None:
    for reading in readings(text):
        assert reading == " ".join(reading.split())
        assert reading == reading.lower()


def test_cleaning_keeps_what_can_be_seen() -> None:
    assert clean("Tel. +44 (0)20, a@b.c\u200b") == "Tel. +44 (0)20, a@b.c"
