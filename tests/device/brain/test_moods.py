from __future__ import annotations

from pathlib import Path

import pytest

from device.brain.moods import MOODS, Mood
from device.contracts import Emotion


def test_every_emotion_has_a_mood_and_neutral_changes_nothing() -> None:
    assert set(MOODS) == set(Emotion)
    assert MOODS[Emotion.NEUTRAL] == Mood()


@pytest.mark.parametrize("emotion", Emotion)
def test_moods_are_mild(emotion: Emotion) -> None:
    mood = MOODS[emotion]
    assert 0.85 <= mood.speed <= 1.1
    assert -12 <= mood.pitch <= 12
    assert 0.75 <= mood.liveliness <= 1.25


def test_no_two_moods_are_the_same() -> None:
    assert len(set(MOODS.values())) == len(Emotion)


def test_joy_is_faster_and_higher_than_sadness() -> None:
    happy, sad = MOODS[Emotion.HAPPY], MOODS[Emotion.SAD]
    assert happy.speed > 1 > sad.speed
    assert happy.pitch > 0 > sad.pitch
    assert happy.liveliness > 1 > sad.liveliness


def test_the_page_about_voices_has_the_moods_as_they_are() -> None:
    page = (Path(__file__).parents[3] / "docs" / "voices.md").read_text("utf-8")
    rows = [f"| {e.value} | × {m.speed:g} | {m.pitch:+d} | × {m.liveliness:g} |" for e, m in MOODS.items()]
    assert "\n".join(rows) in page
