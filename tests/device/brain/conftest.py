"""What the tests of the brain share: one context for skills."""

from __future__ import annotations

import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain import packs
from device.brain.skills import SkillContext
from device.contracts import Gesture


@pytest.fixture
def context() -> SkillContext:
    """Tuesday, 3 March 2026, 15:05 in Paris; a body that can do all but dance; volume 50 %."""
    rng = random.Random(7)
    return SkillContext(
        now=datetime(2026, 3, 3, 15, 5, tzinfo=ZoneInfo("Europe/Paris")),
        language="en",
        rng=rng,
        packs=packs.load("en", rng),
        gestures=frozenset(Gesture) - {Gesture.DANCE},
        volume=50,
        last_spoken="",
    )
