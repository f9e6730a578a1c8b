"""Kept questions are found by words that are akin, within the bound on work, and no others are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.replies import MOST_PER_TERM, MOST_TERMS, ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.certainty import ENOUGH
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import NO_THESAURI, Matcher
from device.brain.recall.thesaurus import Thesaurus, find_thesauri
from device.brain.recall.wordnet import WordNet
from tests.device.brain.recall.tiny_wordnet import write

LEXICON = load_lexicon("en")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ReplyStore]:
    store = ReplyStore(tmp_path / "replies.db")
    yield store
    store.close()


@pytest.fixture
def matcher(tmp_path: Path) -> Matcher:
    (tmp_path / "tiny").mkdir()
    return Matcher({"en": LEXICON}, {"en": Thesaurus(WordNet(write(tmp_path / "tiny")))})


@pytest.fixture(scope="module")
def real() -> Matcher:
    thesauri = find_thesauri()
    if not thesauri:
        pytest.skip("needs WordNet: Debian's package wordnet-base")
    return Matcher({"en": LEXICON}, thesauri)


def best(matcher: Matcher, store: ReplyStore, kept: str, asked: str) -> float | None:
    """How sure it is of the one question that is kept; None: not sure enough."""
    wording = matcher.wording(kept, "en")
    assert wording is not None
    store.put(NewReply("en", (wording,), kept, "system_2", "allowed"), 0.0)
    found = matcher.best(asked, "en", "", 0.0, store)
    return None if found is None else found[1]


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Where is the zirp?", "where is the gemlet"),
        ("How do you extinguish a candle?", "how do you put out a candle"),
        ("How do you put out a candle?", "how do you extinguish a candle"),
        ("Where did the pirates bury the zirp?", "where did pirates bury the gemlet"),
    ],
)
def test_a_question_is_found_by_words_that_are_akin(
    matcher: Matcher, store: ReplyStore, kept: str, asked: str
) -> None:
    sure = best(matcher, store, kept, asked)
    assert sure is not None
    assert ENOUGH <= sure < 0.95
    assert best(Matcher({"en": LEXICON}, NO_THESAURI), store, kept, asked) is None


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("How do you extinguish a candle?", "how do you kindle a candle"),
        ("How do you extinguish a candle?", "why do you put out a candle"),
        ("How do you extinguish a candle?", "how do you put a candle in water"),
        ("How do you extinguish a candle?", "how do you not put out a candle"),
        ("Where is the plonk?", "where is the till"),
    ],
)
def test_another_question_is_not_answered_for_all_that_is_akin(
    matcher: Matcher, store: ReplyStore, kept: str, asked: str
) -> None:
    assert best(matcher, store, kept, asked) is None


def test_however_much_is_akin_the_work_is_bounded(real: Matcher, store: ReplyStore) -> None:
    asked = "how do strong people begin to make and move and lift and hold heavy big things quickly and well"
    for number in range(300):
        kept = f"how do people start to make things number{number}"
        wording = real.wording(kept, "en")
        assert wording is not None
        store.put(NewReply("en", (wording,), kept, "system_2", "allowed"), 0.0)
    real.best(asked, "en", "", 0.0, store)
    assert 0 < store.rows_read <= MOST_TERMS * MOST_PER_TERM


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("Who founded the Red Cross?", "who established the Red Cross"),
        ("How do you comfort a crying baby?", "how do you soothe a crying baby"),
        ("What does a compass show?", "what does a compass indicate"),
        ("Where did pirates bury treasure?", "where did buccaneers bury treasure"),
        ("How wide is the English Channel?", "what is the breadth of the English Channel"),
    ],
)
def test_by_the_real_one_a_question_is_found(real: Matcher, store: ReplyStore, kept: str, asked: str) -> None:
    assert best(real, store, kept, asked) is not None


@pytest.mark.parametrize(
    ("kept", "asked"),
    [
        ("How do magnets attract iron?", "how do magnets repel iron"),
        ("How many strings does a violin have?", "how many strings does a cello have"),
        ("When was the wheel invented?", "when was the bicycle invented"),
        ("Why do people lie?", "why do people sit"),
        ("Where do camels store water?", "where do camels store fat"),
        ("Why do dogs walk?", "why do dogs limp"),
        ("How do owls hunt mice?", "how do birds hunt mice"),
    ],
)
def test_by_the_real_one_another_question_is_not_answered(
    real: Matcher, store: ReplyStore, kept: str, asked: str
) -> None:
    assert best(real, store, kept, asked) is None
