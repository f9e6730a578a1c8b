"""Wrong words are counted as a person would count them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.word_errors import WordErrors, word_errors, words

SENTENCES = st.lists(st.sampled_from(["red", "green", "blue", "yellow"]), max_size=8).map(" ".join)


@pytest.mark.parametrize(
    ("said", "heard", "errors"),
    [
        ("turn on the light", "Turn on the light.", WordErrors(4)),
        ("turn on the light", "turn off the light", WordErrors(4, substituted=1)),
        ("turn on the light", "turn the light", WordErrors(4, deleted=1)),
        ("turn on the light", "please turn on the light now", WordErrors(4, inserted=2)),
        ("turn on the light", "", WordErrors(4, deleted=4)),
        ("", "thank you", WordErrors(0, inserted=2)),
        ("", "", WordErrors()),
        ("a b c d", "b c d e", WordErrors(4, deleted=1, inserted=1)),
        ("go forward ten meters", "Go forward 10 meters!", WordErrors(4)),
        ("it's ten o’clock", "It is 10 o'clock", WordErrors(4)),
    ],
)
def test_changes_are_counted(said: str, heard: str, errors: WordErrors) -> None:
    assert word_errors(said, heard) == errors


def test_the_rate_is_wrong_words_by_words_said() -> None:
    assert word_errors("one light", "a light please").rate == 1.0
    assert WordErrors(10, 1, 2, 3).rate == pytest.approx(0.6)
    assert WordErrors().rate == 0
    assert WordErrors(inserted=1).rate == 1


def test_errors_of_several_clips_add_up() -> None:
    assert WordErrors(4, 1, 2, 3) + WordErrors(6, 1) == WordErrors(10, 2, 2, 3)


def test_punctuation_is_no_word() -> None:
    assert words("Well - yes, (really)!") == ["well", "yes", "really"]


@given(SENTENCES, SENTENCES)
def test_the_count_is_a_distance(said: str, heard: str) -> None:
    errors, back = word_errors(said, heard), word_errors(heard, said)
    assert errors.count == back.count
    assert (errors.count == 0) == (said == heard)
    assert errors.said == len(words(said))
    assert errors.count <= max(len(words(said)), len(words(heard)))
    assert errors.said - errors.deleted + errors.inserted == len(words(heard))
