"""Looks as the settings write them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from device.config import Looks
from device.contracts import Emotion
from device.errors import SettingsError
from device.hw.looks import MOODS, Look, Pattern, in_mood, palette, parse
from device.notices import LightState


def test_a_look_is_a_colour_and_a_pattern() -> None:
    assert parse("#0033ff steady", "any") == Look((0.0, 0.2, 1.0), Pattern.STEADY)
    assert parse("  #FF0000   Blink ", "any") == Look((1.0, 0.0, 0.0), Pattern.BLINK)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("#0040ff stedy", r'lights.looks.idle has a pattern "stedy", .* Did you mean steady\?'),
        ("#0040ff xyzzy", "There are steady, dim, breathe, "),
        ("blue steady", r"not a colour and a pattern. Write them as in"),
        ("#0040ff", "not a colour and a pattern"),
        ("#0040fg steady", "not a colour and a pattern"),
        ("", "not a colour and a pattern"),
    ],
)
def test_a_look_that_cannot_be_read_is_refused_with_a_suggestion(text: str, why: str) -> None:
    with pytest.raises(SettingsError, match=why):
        palette(Looks(idle=text))


def test_every_state_has_a_pattern_of_its_own() -> None:
    shown = palette(Looks())
    assert set(shown) == set(LightState)
    assert len({look.pattern for look in shown.values()}) == len(LightState)


def test_every_pattern_that_there_is_is_used() -> None:
    assert {look.pattern for look in palette(Looks()).values()} == set(Pattern)


def test_a_mood_colours_what_is_said_and_changes_no_pattern() -> None:
    look = palette(Looks())[LightState.SPEAKING]
    assert in_mood(look, Emotion.NEUTRAL) == look
    felt = {in_mood(look, mood) for mood in MOODS}
    assert len(felt) == len(MOODS) == len(Emotion) - 1
    assert {each.pattern for each in felt} == {look.pattern}
    assert all(0 <= part <= 1 for each in felt for part in each.colour)


def test_every_look_is_documented_as_it_is() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "button-and-lights.md").read_text("utf-8")
    rows = re.findall(r"^\| ([a-z]+) \| `(#[^`]*)` \|", docs, re.MULTILINE)
    assert dict(rows) == {state.value: getattr(Looks(), state.value) for state in LightState}
