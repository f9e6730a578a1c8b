"""The quality sets are complete and well formed: a figure measured with them means what it says."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.device.brain.recall.quality import (
    CLASSES,
    HALVES,
    SETS,
    Half,
    NearMiss,
    Paraphrase,
    kept_questions,
    near_misses,
    paraphrases,
)

COLUMNS = {
    "kept": ["id", "question", "reply"],
    "paraphrases": ["class", "half", "id", "utterance"],
    "near_misses": ["half", "id", "utterance"],
}


def asked_in(half: Half) -> list[Paraphrase | NearMiss]:
    return [*paraphrases(half), *near_misses(half)]


@pytest.mark.parametrize("name", COLUMNS)
def test_every_line_has_every_column_filled(name: str) -> None:
    lines = [line.split("\t") for line in (SETS / f"{name}.tsv").read_text("utf-8").splitlines()]
    assert lines[0] == COLUMNS[name]
    odd = [
        line
        for line in lines
        if len(line) != len(COLUMNS[name]) or any(c != c.strip() or not c for c in line)
    ]
    assert odd == []


def test_each_kept_question_is_there_once() -> None:
    kept = kept_questions()
    assert len(kept) == 91
    assert len({question.id for question in kept}) == 91
    assert len({question.question.casefold() for question in kept}) == 91


@pytest.mark.parametrize("half", HALVES)
def test_a_half_has_twenty_paraphrases_of_each_class(half: Half) -> None:
    assert Counter(paraphrase.kind for paraphrase in paraphrases(half)) == dict.fromkeys(CLASSES, 20)


@pytest.mark.parametrize("half", HALVES)
def test_a_half_has_a_hundred_near_misses(half: Half) -> None:
    assert len(near_misses(half)) == 100


def test_every_utterance_belongs_to_a_kept_question() -> None:
    known = {question.id for question in kept_questions()}
    asked = [each.id for half in HALVES for each in asked_in(half)]
    assert len(asked) == 400
    assert set(asked) <= known


def test_nothing_is_asked_twice_so_no_half_knows_the_other() -> None:
    asked = [each.utterance for half in HALVES for each in asked_in(half)]
    words = Counter(said.casefold() for said in (*asked, *(kept.question for kept in kept_questions())))
    assert [said for said, times in words.items() if times > 1] == []
