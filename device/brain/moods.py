"""How a mood changes a voice, as data: a little, so that every word stays easy to understand.

The directions are those that listeners agree on: joy and surprise are faster, higher and livelier than
neutral speech, sadness and tenderness slower, lower and more even (Scherer 2003, "Vocal communication of
emotion", Speech Communication 40; Juslin & Laukka 2003, Psychological Bulletin 129). The amounts are our
own and small on purpose: nothing is more than a tenth faster than the pace that was set, because
children and patients listen, and no mood startles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from device.contracts import Emotion


@dataclass(frozen=True, slots=True)
class Mood:
    """Changes against the voice as it was set; an engine takes those that it knows how to make."""

    speed: float = 1.0
    """Times the pace: 1.1 is a tenth faster."""
    pitch: int = 0
    """Steps on espeak-ng's scale of 0 to 99."""
    liveliness: float = 1.0
    """Times the variation of the sound and of its rhythm (piper's noise_scale and noise_w)."""


MOODS: Mapping[Emotion, Mood] = {
    Emotion.NEUTRAL: Mood(),
    Emotion.HAPPY: Mood(speed=1.05, pitch=8, liveliness=1.1),
    Emotion.EXCITED: Mood(speed=1.1, pitch=12, liveliness=1.2),
    Emotion.CALM: Mood(speed=0.92, pitch=-4, liveliness=0.85),
    Emotion.CURIOUS: Mood(speed=0.98, pitch=6, liveliness=1.05),
    Emotion.SURPRISED: Mood(speed=1.03, pitch=10, liveliness=1.15),
    Emotion.CARING: Mood(speed=0.92, pitch=2, liveliness=0.95),
    Emotion.SAD: Mood(speed=0.88, pitch=-8, liveliness=0.8),
}
