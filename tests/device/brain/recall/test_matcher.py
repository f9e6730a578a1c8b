"""A kept question is found in other words; another question is not, however alike it looks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.certainty import ENOUGH
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher


@cache
def matcher() -> Matcher:
    return Matcher({"en": load_lexicon("en")})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    store = ReplyStore(tmp_path / "replies.db")
    yield store
    store.close()


def keep(store: ReplyStore, *questions: str, character: str = "") -> None:
    """Each with itself as its reply."""
    for question in questions:
        wording = matcher().wording(question, "en")
        assert wording is not None
        store.put(NewReply("en", (wording,), question, "system_2", "allowed", character), 0.0)


def best(store: ReplyStore, text: str, character: str = "") -> tuple[str, float] | None:
    found = matcher().best(text, "en", character, 0.0, store)
    return found and (found[0].reply, found[1])


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("How tall is a giraffe?", "um could you please tell me how tall a giraffe is"),
        ("How tall is a giraffe?", "what is the height of giraffes"),
        ("How tall is a giraffe?", "a giraffe is how high"),
        ("Who made the first movie?", "who created the first film"),
        ("Why do zebras have stripes?", "what is the reason that zebras have stripes"),
        ("Why do zebras have stripes?", "how come a zebra is striped"),
        ("What is photosynthesis?", "what is photo synthesis"),
        ("Why is the sky blue?", "why is this guy blue"),
        ("How do you make lemonade?", "how can I make lemonade"),
        ("What is the biggest lake in Africa?", "which lake in Africa is the largest"),
        ("Why do onions make you cry?", "onions make you cry why"),
    ],
)
def test_the_same_question_in_other_words_is_found(store: ReplyStore, kept: str, asked: str) -> None:
    keep(store, kept)
    found = best(store, asked)
    assert found is not None
    assert found[0] == kept
    assert ENOUGH <= found[1] < 1.0


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("What is the capital of Austria?", "what is the capital of Australia"),
        ("How tall is a giraffe?", "how tall was a giraffe that is not grown"),
        ("How tall is a giraffe?", "how heavy is a giraffe"),
        ("How tall is a giraffe?", "is a giraffe taller than a house"),
        ("Why do zebras have stripes?", "why do zebras not have stripes"),
        ("Why do zebras have stripes?", "do zebras have stripes"),
        ("Why do zebras have stripes?", "where do zebras have stripes"),
        ("What is the biggest lake in Africa?", "what is the smallest lake in Africa"),
        ("What is the biggest lake in Africa?", "what is the second biggest lake in Africa"),
        ("What is your name?", "what is my name"),
        ("Do cats eat birds?", "do birds eat cats"),
        ("Is a whale a mammal?", "is a mammal a whale"),
        ("What makes honey?", "what does honey make"),
        ("What do goats eat?", "what do cats eat"),
        ("What is two plus two?", "what is two plus three"),
        ("How tall is a giraffe?", "how tall is it"),
        ("Who invented the telephone?", "when was the telephone invented"),
        ("Where is the Louvre?", "what is the Louvre"),
    ],
)
def test_another_question_is_not_answered(store: ReplyStore, kept: str, asked: str) -> None:
    keep(store, kept)
    assert best(store, asked) is None


def test_the_very_words_are_certain(store: ReplyStore) -> None:
    keep(store, "Why is the sky blue?", "Why is the sea blue?")
    assert best(store, "Please tell me, why is the sky blue?") == ("Why is the sky blue?", 1.0)


def test_of_two_replies_that_fit_alike_neither_is_given(store: ReplyStore) -> None:
    keep(store, "How big is a whale?", "What is the size of a whale?")
    assert best(store, "a whale is how large") is None


def test_a_reply_for_another_character_is_not_found(store: ReplyStore) -> None:
    keep(store, "How big is a whale?", character="pirate")
    assert best(store, "a whale is how large", "nurse") is None
    assert best(store, "a whale is how large", "pirate") is not None


@pytest.mark.parametrize("text", ["", "?", "please", "the of a", "x" * 500, "blah " * 500])
def test_what_asks_nothing_finds_nothing(store: ReplyStore, text: str) -> None:
    keep(store, "Why is the sky blue?")
    assert best(store, text) is None


def test_in_a_language_without_a_lexicon_nothing_is_kept_or_found(store: ReplyStore) -> None:
    assert matcher().wording("Warum?", "de") is None
    assert matcher().best("Warum?", "de", "", 0.0, store) is None
    assert matcher().fingerprint("de") == ""
