"""What may be learned, on sentences written for it and on requests that many people wrote."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from device.brain import learning
from device.brain.learning import LONGEST_ANSWER, Learning, Refusal
from device.brain.pack_files import BrokenPack
from device.brain.packs import PACKS
from tests.device.brain.recall.quality import kept_questions

TABLES = Path(__file__).with_name("learning")
FINE = "The sky looks blue because air scatters blue light more than red light."

OWN_AFFAIRS = (
    *("balance", "transactions", "user_name", "current_location", "share_location", "reminder", "calendar"),
    *("todo_list", "shopping_list", "find_phone", "flight_status", "make_call", "text", "weather"),
)


def table(name: str) -> list[tuple[str, str]]:
    """Rows of (what is expected, text); what is expected is "kept" or the refusal's name."""
    lines = (TABLES / name).read_text("utf-8").splitlines()
    return [(expected, text) for expected, _, text in (line.partition("\t") for line in lines)]


@pytest.fixture(scope="module")
def english() -> Learning:
    return learning.load("en")


def named(refusal: Refusal | None) -> str:
    return refusal.name.lower() if refusal else "kept"


@pytest.mark.parametrize(("expected", "question"), table("questions.tsv"), ids=lambda value: value)
def test_a_question_is_kept_or_refused_for_the_right_reason(
    english: Learning, expected: str, question: str
) -> None:
    assert named(english.refuses(question, FINE)) == expected


@pytest.mark.parametrize(("expected", "answer"), table("answers.tsv"), ids=lambda value: value)
def test_an_answer_is_kept_or_refused_for_the_right_reason(
    english: Learning, expected: str, answer: str
) -> None:
    assert named(english.refuses("why is the sky blue", answer)) == expected


def test_every_reason_that_words_can_give_has_its_sentences() -> None:
    given = {expected for name in ("questions.tsv", "answers.tsv") for expected, _ in table(name)}
    of_the_turn = {"no_consent", "other_mind", "uncertain", "failed", "not_whole", "gate"}
    assert given == {refusal.name.lower() for refusal in Refusal} - of_the_turn | {"kept"}


def test_no_question_of_the_table_stands_there_twice() -> None:
    questions = [text for _, text in table("questions.tsv")]
    assert len(questions) >= 120
    assert [text for text, count in Counter(questions).items() if count > 1] == []


def test_an_answer_that_goes_on_for_long_is_not_kept(english: Learning) -> None:
    sentence = "Owls hunt at night. "
    assert english.refuses_answer((sentence * 30)[:LONGEST_ANSWER]) is None
    assert english.refuses_answer(sentence * 31) is Refusal.TOO_LONG


def test_an_answer_without_words_is_not_kept(english: Learning) -> None:
    assert english.refuses_answer("") is Refusal.ANSWER_TO_ONE
    assert english.refuses_answer("…") is Refusal.ANSWER_TO_ONE


def test_of_what_people_ask_of_their_own_affairs_nothing_is_kept(
    english: Learning, shared_data: Path
) -> None:
    """CLINC150: banking, travel, kitchen, home and small talk; nothing of it was asked of a robot."""
    sets = json.loads((shared_data / "text" / "clinc150_train_val.json").read_text("utf-8"))
    asked = Counter[str]()
    kept = Counter[str]()
    for text, intent in sets["val"] + sets["oos_val"]:
        asked[intent] += 1
        kept[intent] += english.refuses_question(text) is None
    print(f"{kept.total()} of {asked.total()} would be learned:", kept.most_common(20))
    assert sum(kept[intent] for intent in OWN_AFFAIRS) <= 0.01 * sum(asked[intent] for intent in OWN_AFFAIRS)
    assert kept["definition"] >= 0.7 * asked["definition"]
    assert kept.total() <= 0.06 * asked.total()


def test_most_general_questions_that_somebody_else_wrote_are_learned(english: Learning) -> None:
    """Written for the matcher, by somebody who had not seen these rules."""
    pairs = [(kept.question, kept.reply) for kept in kept_questions()]
    refused = {question: why for question, reply in pairs if (why := english.refuses(question, reply))}
    print(f"{len(pairs) - len(refused)} of {len(pairs)} are learned; not:", refused)
    assert len(refused) <= 0.15 * len(pairs)


def test_a_pack_that_cannot_be_read_says_where(tmp_path: Path) -> None:
    folder = tmp_path / "en"
    folder.mkdir()
    for file in (PACKS / "en").glob("*.txt"):
        (folder / file.name).write_text(file.read_text("utf-8"), "utf-8")
    rules = folder / "learning.txt"
    rules.write_text(rules.read_text("utf-8").replace("[place]", "[place]\n(open"), "utf-8")
    with pytest.raises(BrokenPack, match=r"learning\.txt"):
        learning.load("en", tmp_path)
