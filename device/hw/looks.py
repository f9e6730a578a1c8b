"""How the light shows a state: a colour and a pattern, as the settings name them."""

from __future__ import annotations

import difflib
import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from device.config import Looks
from device.contracts import Emotion
from device.errors import SettingsError
from device.notices import LightState

Rgb = tuple[float, float, float]
"""Red, green and blue, 0 to 1 of what the LED can give."""

DARK: Rgb = (0.0, 0.0, 0.0)


class Pattern(enum.Enum):
    """How the brightness goes over time, so that a state is known without its colour."""

    STEADY = "steady"
    DIM = "dim"
    BREATHE = "breathe"
    RISE = "rise"
    FALL = "fall"
    SPIN = "spin"
    WAVE = "wave"
    BLINK = "blink"
    FLASH = "flash"
    WINK = "wink"


@dataclass(frozen=True, slots=True)
class Look:
    colour: Rgb
    pattern: Pattern


Palette = Mapping[LightState, Look]

LOOK = re.compile(r"#([0-9a-fA-F]{6})\s+(\S+)")

MOODS: Mapping[Emotion, Rgb] = {
    Emotion.HAPPY: (1.0, 0.8, 0.0),
    Emotion.EXCITED: (1.0, 0.4, 0.0),
    Emotion.CALM: (0.0, 0.6, 0.8),
    Emotion.CURIOUS: (0.6, 1.0, 0.0),
    Emotion.SURPRISED: (1.0, 1.0, 1.0),
    Emotion.CARING: (1.0, 0.3, 0.5),
    Emotion.SAD: (0.0, 0.2, 0.8),
}
"""Towards which colour a mood draws what is being said."""
MOOD_SHARE = 0.4
"""How far: the look stays the state's own."""


def palette(looks: Looks) -> Palette:
    """Of every state. Raises SettingsError with the setting's path and a suggestion."""
    return {state: parse(getattr(looks, state.value), f"lights.looks.{state.value}") for state in LightState}


def parse(text: str, setting: str) -> Look:
    """Such as "#0040ff steady". Raises SettingsError."""
    written = LOOK.fullmatch(text.strip())
    if not written:
        raise SettingsError(
            f'{setting} is "{text}", which is not a colour and a pattern. Write them as in "#0040ff steady".'
        )
    colour, pattern = written.groups()
    red, green, blue = (part / 255 for part in bytes.fromhex(colour))
    return Look((red, green, blue), _pattern(pattern.lower(), setting))


def in_mood(look: Look, mood: Emotion) -> Look:
    """The look of what is said in that mood."""
    if mood not in MOODS:
        return look
    own, felt = look.colour, MOODS[mood]
    red, green, blue = (a + (b - a) * MOOD_SHARE for a, b in zip(own, felt, strict=True))
    return replace(look, colour=(red, green, blue))


def _pattern(name: str, setting: str) -> Pattern:
    names = [pattern.value for pattern in Pattern]
    if name in names:
        return Pattern(name)
    near = difflib.get_close_matches(name, names, n=1)
    meant = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names)}."
    raise SettingsError(f'{setting} has a pattern "{name}", which there is not. {meant}')
