"""Mistakes in the settings of button and light are found before anything is opened."""

from __future__ import annotations

from device.config import Button, Lights, Looks, Settings
from device.hw.checked import problems


def test_the_defaults_have_none() -> None:
    assert problems(Settings()) == []


def test_each_mistake_is_told_with_its_setting() -> None:
    wrong = Settings(lights=Lights(looks=Looks(idle="blue sparkle")), button=Button(key="spacebar7"))
    look, key = problems(wrong)
    assert "lights.looks.idle" in look
    assert "button.key" in key
