"""What a language model is told about itself: the part of its prompt that stays the same all day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from device.brain.pack_files import BrokenPack, sections
from device.brain.packs import PACKS
from device.config import Character
from device.contracts import Emotion, Gesture

_HEADINGS = ("who", "speech", "tags", "child", "adult")


def system_prompt(
    character: Character, language: str, gestures: Iterable[Gesture], root: Path = PACKS
) -> str:
    """The persona with the rules that hold for every persona. Raises BrokenPack."""
    path = root / language / "persona.txt"
    told = {heading: " ".join(lines) for heading, lines in sections(path).items()}
    for heading in _HEADINGS:
        if heading not in told:
            raise BrokenPack(path, 1, f"write what to tell the language model under a heading [{heading}].")
    filled = {
        "name": character.name,
        "moods": _listed(emotion.value for emotion in Emotion),
        "gestures": _listed(sorted(gesture.value for gesture in gestures)),
    }
    try:
        ours = {heading: told[heading].format(**filled) for heading in _HEADINGS}
    except (KeyError, IndexError, ValueError) as wrong:
        raise BrokenPack(
            path, 1, f"only {{name}}, {{moods}} and {{gestures}} are filled in: {wrong}"
        ) from wrong
    who = character.persona.replace("{name}", character.name) or ours["who"]
    return " ".join((who, ours["speech"], ours["tags"], ours[character.safety]))


def notes(now: datetime) -> str:
    """What is true just now; it changes, so it goes late into the prompt."""
    return f"({now:%A}, {now.day} {now:%B %Y}, {now:%H:%M})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
