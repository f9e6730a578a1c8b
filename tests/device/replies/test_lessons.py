"""What a turn teaches, by what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from device.brain import learning
from device.brain.learning import Learning, Refusal
from device.contracts import Mind, Route
from device.record import Kind, TurnRecord
from device.replies.lessons import Lesson, lesson

QUESTION = "why is the sky blue"
ANSWER = "Air scatters blue light more than red light."


@pytest.fixture(scope="module")
def english() -> Learning:
    return learning.load("en")


def turn(answer: str = ANSWER, *, opens: bool = False) -> TurnRecord:
    """One in which System 2 answered, and all of it sounded."""
    route = Route(Mind.SYSTEM_2, "it asks about the world", opens=opens)
    return TurnRecord(
        1, Kind.SPOKEN, lambda: 0.0, "", route=route, heard=QUESTION, made=answer, spoken=answer
    )


def test_a_general_question_and_system_2s_whole_answer_are_learned(english: Learning) -> None:
    assert lesson(turn(), english, ()) == Lesson(QUESTION, ANSWER)


def test_what_was_said_while_system_2_thought_is_no_part_of_its_answer(english: Learning) -> None:
    record = turn(f"Let me see. {ANSWER}", opens=True)
    assert lesson(record, english, ("Hmm.", "Let me see.")) == Lesson(QUESTION, ANSWER)


@pytest.mark.parametrize("mind", [mind for mind in Mind if mind is not Mind.SYSTEM_2])
def test_of_other_minds_nothing_is_learned(english: Learning, mind: Mind) -> None:
    assert lesson(replace(turn(), route=Route(mind, "")), english, ()) is Refusal.OTHER_MIND


@pytest.mark.parametrize(
    ("record", "refusal"),
    [
        (replace(turn(), route=None), Refusal.OTHER_MIND),
        (replace(turn(), gate="violence"), Refusal.GATE),
        (replace(turn(), error_code="tts"), Refusal.FAILED),
        (replace(turn(), cut_off=True), Refusal.NOT_WHOLE),
        (replace(turn(), spoken="Air scatters"), Refusal.NOT_WHOLE),
        (replace(turn(), made="", spoken=""), Refusal.NOT_WHOLE),
        (replace(turn(), certain=False), Refusal.UNCERTAIN),
        (replace(turn(), heard=""), Refusal.UNCERTAIN),
        (replace(turn(), heard="why do i feel sad"), Refusal.PERSONAL),
        (turn("I am not sure."), Refusal.ANSWER_DOUBTS),
    ],
    ids=lambda value: value.name.lower() if isinstance(value, Refusal) else "",
)
def test_nothing_is_learned_from_a_turn_that_is_not_certain_whole_and_allowed(
    english: Learning, record: TurnRecord, refusal: Refusal
) -> None:
    assert lesson(record, english, ()) is refusal
