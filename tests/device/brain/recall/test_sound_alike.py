"""Words that a recogniser confuses sound alike; others do not."""

from __future__ import annotations

import pytest

from device.brain.recall.sound_alike import likeness, skeleton, sound_the_same


@pytest.mark.parametrize(
    ("one", "other"),
    [("knight", "night"), ("photo", "foto"), ("whole", "hole"), ("hours", "ours"), ("thesky", "thisguy")],
)
def test_what_sounds_the_same_is_alike(one: str, other: str) -> None:
    assert likeness(one, other) > 0.9


@pytest.mark.parametrize(("one", "other"), [("spider", "penguin"), ("france", "spain"), ("lion", "bread")])
def test_what_sounds_different_is_not(one: str, other: str) -> None:
    assert likeness(one, other) < 0.5


def test_a_skeleton_knows_neither_vowels_nor_voices() -> None:
    assert skeleton("bad") == skeleton("pit") == "pt"


def test_a_goat_is_no_coat() -> None:
    assert not sound_the_same("goat", "coat")
    assert sound_the_same("rainbow", "rainbo")
