"""What is said around a question is cut off, and never the question itself."""

from __future__ import annotations

from functools import cache

import pytest

from device.brain.recall.courtesy import without_courtesy
from device.brain.recall.lexicon import Lexicon, load_lexicon
from device.brain.recall.meaning import words_of


@cache
def lexicon() -> Lexicon:
    return load_lexicon("en")


@pytest.mark.parametrize(
    "asked",
    [
        "why is the moon round",
        "Please, why is the moon round?",
        "Hey robot, could you tell me why is the moon round please?",
        "I was really wondering, my dear robot, why is the moon round, if you happen to know that?",
        "Would it be too much trouble for you to help me find out why is the moon round?",
        "My sister keeps asking me why is the moon round. Can you explain it to me?",
    ],
)
def test_courtesy_is_cut_from_both_ends(asked: str) -> None:
    assert without_courtesy(words_of(asked), lexicon()) == tuple("why is the moon round".split())


@pytest.mark.parametrize(
    "asked",
    ["tell me why", "can i ask you something", "what do you know", "please", "where do people ask for help"],
)
def test_something_that_a_question_can_be_about_is_left(asked: str) -> None:
    left = without_courtesy(words_of(asked), lexicon())
    assert left
    assert left == words_of(asked) or set(left) - {"what", "why", "where"}


def test_whether_is_left_to_tell_what_is_asked() -> None:
    left = without_courtesy(words_of("can you tell me if penguins fly"), lexicon())
    assert left == ("if", "penguins", "fly")
