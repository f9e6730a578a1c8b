"""Whether a clause says anything."""

from __future__ import annotations

import pytest

from device.brain.evasions import load

ENGLISH = load("en")


@pytest.mark.parametrize(
    "clause",
    [
        "I don't know.",
        "Well, I do not know that,",
        "I'm sorry,",
        "I’m sorry, but I can't help with that.",
        "As an AI, I have no eyes.",
        "I'm not sure what you mean.",
        "Unfortunately,",
        "",
        " … ",
        "!",
    ],
)
def test_what_says_nothing_is_seen(clause: str) -> None:
    assert ENGLISH.evades(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "The sky is blue.",
        "I'm so sorry to hear that.",
        "Nobody knows for certain, but it may be Leo.",
        "Sorry is a card game.",
        "Do you know the song?",
        "42",
    ],
)
def test_what_says_something_is_no_evasion(clause: str) -> None:
    assert not ENGLISH.evades(clause)
