"""The set by which the matcher was steered: it holds what was reached, and says nothing of others.

Its floors lie a little below what was measured; docs/replies.md has the figures of sets nobody tuned on.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher

OWN = Path(__file__).with_name("own")
LEAST_FOUND = 0.85
MOST_WRONG = 2


def rows(name: str) -> list[dict[str, str]]:
    with (OWN / f"{name}.tsv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True))


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What every utterance of the set is answered with: the id of a kept question, or ""."""
    matcher = Matcher({"en": load_lexicon("en")})
    store = ReplyStore(tmp_path_factory.mktemp("own") / "replies.db")
    for row in rows("kept"):
        wording = matcher.wording(row["question"], "en")
        assert wording is not None
        store.put(NewReply("en", (wording,), row["id"], "system_2", "allowed"), 0.0)
    asked = [row["utterance"] for name in ("paraphrases", "near_misses") for row in rows(name)]
    found = {each: matcher.best(each, "en", "", 0.0, store) for each in asked}
    yield {each: best[0].reply if best else "" for each, best in found.items()}
    store.close()


def test_other_words_for_a_question_are_found(answers: dict[str, str]) -> None:
    asked = rows("paraphrases")
    found = sum(answers[row["utterance"]] == row["id"] for row in asked)
    assert found >= LEAST_FOUND * len(asked)


def test_hardly_anything_is_answered_wrongly(answers: dict[str, str]) -> None:
    wrong = [row for row in rows("paraphrases") if answers[row["utterance"]] not in ("", row["id"])]
    wrong += [row for row in rows("near_misses") if answers[row["utterance"]]]
    assert len(wrong) <= MOST_WRONG
