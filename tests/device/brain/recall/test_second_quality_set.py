"""The second quality set is complete, well formed, and apart from the first."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from tests.device.brain.recall.quality import (
    CLASSES,
    HALVES,
    SETS,
    Part,
    kept_questions,
    near_misses,
    paraphrases,
)

COLUMNS = {
    "kept": ["id", "question", "reply"],
    "paraphrases": ["class", "id", "utterance"],
    "near_misses": ["class", "id", "utterance"],
}
NEAR_MISSES = {
    "entity": 30,
    "opposite": 15,
    "attribute": 30,
    "negation": 12,
    "number": 15,
    "personal": 14,
    "time_bound": 12,
    "follow_up": 10,
    "command": 12,
}


def table(name: str) -> list[list[str]]:
    text = (SETS / "second" / f"{name}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines()]


def plain(text: str) -> str:
    """Without case and marks, so that the same words are the same."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def said_in(part: Part) -> list[str]:
    """Everything that is kept or asked in a part."""
    said = [kept.question for kept in kept_questions(part)]
    said += [paraphrase.utterance for paraphrase in paraphrases(part)]
    said += [near_miss.utterance for near_miss in near_misses(part)]
    return [plain(each) for each in said]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_line_has_every_column_filled(name: str) -> None:
    head, *rows = table(name)
    assert head == COLUMNS[name]
    assert [row for row in rows if len(row) != len(head)] == []
    assert [row for row in rows if any(not cell or cell != cell.strip() for cell in row)] == []


def test_sixty_questions_are_kept_each_with_its_own_id() -> None:
    assert len({kept.id for kept in kept_questions("second")}) == len(kept_questions("second")) == 60


def test_there_are_twenty_paraphrases_of_each_class() -> None:
    assert Counter(each.kind for each in paraphrases("second")) == dict.fromkeys(CLASSES, 20)


def test_there_are_as_many_near_misses_of_each_class_as_the_readme_says() -> None:
    assert Counter(kind for kind, *_ in table("near_misses")[1:]) == NEAR_MISSES
    assert len(near_misses("second")) == 150


def test_every_utterance_belongs_to_a_kept_question_and_every_kept_question_is_asked_for() -> None:
    kept = {each.id for each in kept_questions("second")}
    assert {each.id for each in paraphrases("second")} == kept
    assert {each.id for each in near_misses("second")} <= kept


def test_nothing_is_said_twice_in_it() -> None:
    assert [each for each, times in Counter(said_in("second")).items() if times > 1] == []


@pytest.mark.parametrize("half", HALVES)
def test_it_shares_nothing_with_the_first_set(half: Part) -> None:
    assert set(said_in("second")) & set(said_in(half)) == set()
