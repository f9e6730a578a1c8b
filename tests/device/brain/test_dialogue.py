"""What a conversation remembers, and for how long."""

from __future__ import annotations

from device.brain.dialogue import AGAIN_WITHIN_S, CONFIRM_WITHIN_S, EXCUSED_FOR_S, Dialogue, Memory
from device.contracts import Intent

WAVE = Intent("gesture", {"gesture": "wave"})
JOKE = Intent("joke")


def test_a_new_conversation_remembers_nothing() -> None:
    assert Dialogue().memory(0.0) == Memory(None, None)


def test_a_question_waits_for_its_answer_only_so_long() -> None:
    dialogue = Dialogue()
    dialogue.ask_first(WAVE, 100.0)
    assert dialogue.memory(100.0 + CONFIRM_WITHIN_S).pending == WAVE
    assert dialogue.memory(100.1 + CONFIRM_WITHIN_S).pending is None


def test_any_other_utterance_ends_the_waiting() -> None:
    dialogue = Dialogue()
    dialogue.ask_first(WAVE, 100.0)
    dialogue.answered(None, 101.0)
    assert dialogue.memory(101.0).pending is None


def test_looking_changes_nothing() -> None:
    dialogue = Dialogue()
    dialogue.ask_first(WAVE, 100.0)
    dialogue.memory(1000.0)
    assert dialogue.memory(101.0).pending == WAVE


def test_another_one_means_what_was_told_last() -> None:
    dialogue = Dialogue()
    dialogue.answered(JOKE, 10.0)
    dialogue.answered(Intent("time"), 20.0)
    assert dialogue.memory(20.0).repeatable == JOKE
    assert dialogue.memory(10.1 + AGAIN_WITHIN_S).repeatable is None


def test_each_reason_is_told_once_for_a_while_whatever_else_is_said() -> None:
    dialogue = Dialogue()
    dialogue.excuse("excuse_offline", 100.0)
    dialogue.excuse("excuse_slow", 200.0)
    dialogue.answered(JOKE, 300.0)
    assert dialogue.memory(300.0).excused == {"excuse_offline", "excuse_slow"}
    assert dialogue.memory(100.1 + EXCUSED_FOR_S).excused == {"excuse_slow"}
