"""What the language model is told about itself."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from device.brain.pack_files import BrokenPack
from device.brain.persona import notes, system_prompt
from device.config import Character
from device.contracts import Emotion, Gesture

GESTURES = (Gesture.WAVE, Gesture.NOD)


def test_it_knows_its_name_its_moods_and_its_gestures() -> None:
    prompt = system_prompt(Character(name="Pip"), "en", GESTURES)
    assert prompt.startswith("You are Pip,")
    assert "nod, wave" in prompt
    assert all(emotion.value in prompt for emotion in Emotion)


def test_a_persona_replaces_only_who_it_is() -> None:
    own = system_prompt(Character(name="Pip", persona="You are {name}, a {grumpy} owl."), "en", GESTURES)
    ours = system_prompt(Character(name="Pip"), "en", GESTURES)
    assert own.startswith("You are Pip, a {grumpy} owl. Your words are spoken aloud")
    assert own.partition("Your words")[2] == ours.partition("Your words")[2]


def test_without_gestures_it_is_told_so() -> None:
    assert "Gestures: none." in system_prompt(Character(), "en", ())


def test_a_child_is_spoken_to_as_a_child_unless_the_settings_say_otherwise() -> None:
    child, adult = (system_prompt(Character(safety=level), "en", ()) for level in ("child", "adult"))
    assert "child" in child
    assert "child" not in adult


def test_it_is_short_enough_for_a_small_board() -> None:
    """Every word of it is taken in before the first reply."""
    assert len(system_prompt(Character(), "en", Gesture)) < 1200


@pytest.mark.parametrize(
    ("text", "what_to_do"), [("[who]\nYou.\n", r"\[speech\]"), ("{oops}", "put a \\[heading\\]")]
)
def test_a_broken_file_is_named(tmp_path: Path, text: str, what_to_do: str) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "persona.txt").write_text(text)
    with pytest.raises(BrokenPack, match=what_to_do):
        system_prompt(Character(), "en", (), root=tmp_path)


def test_an_unknown_brace_is_named(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    headings = "".join(
        f"[{heading}]\nYou {{oops}}.\n" for heading in ("who", "speech", "tags", "child", "adult")
    )
    (tmp_path / "en" / "persona.txt").write_text(headings)
    with pytest.raises(BrokenPack, match="oops"):
        system_prompt(Character(), "en", (), root=tmp_path)


def test_the_time_is_told_in_words_that_a_model_reads() -> None:
    assert notes(datetime(2026, 11, 1, 9, 5)) == "(Sunday, 1 November 2026, 09:05)"
