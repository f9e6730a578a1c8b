"""A device with two minds in virtual time: the real brain around a fake model and a fake System 2."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.brain.system_one import SystemOne
from device.config import Consent, Deadlines
from device.contracts import KeptReply
from device.ports import Promises, System2
from tests.device.session.rig import Device
from tests.fakes import FakeModel, FakeRecall, FakeStt, FakeSystem2

NOON = datetime(2026, 3, 3, 12, 0)


@dataclass
class TwoMinds:
    """What a story needs of both minds; `device` has them joined."""

    recogniser: Recogniser
    asked: str = "who painted the mona lisa"
    model: FakeModel | None = field(default_factory=lambda: FakeModel(("On board ", "we think it was Leo.")))
    system_2: FakeSystem2 | None = field(default_factory=FakeSystem2)
    kept: KeptReply | None = None
    """What the cache knows of whatever is asked."""
    settled: dict[str, Any] = field(default_factory=dict)
    """Further fields of `Minds`."""
    promises: Promises | None = None
    between: Callable[[FakeSystem2], System2] = lambda far: far
    """What stands between the brain and System 2."""

    @property
    def far(self) -> FakeSystem2:
        assert self.system_2 is not None
        return self.system_2

    def device(self) -> Device:
        recall = FakeRecall(self.kept) if self.kept else None
        return Device(stt=FakeStt(self.asked), brain=self.brain(), recall=recall)

    def brain(self) -> OnboardBrain:
        system_one = SystemOne(self.model, "You are Pip.", lambda: NOON) if self.model else None
        system_two = self.between(self.system_2) if self.system_2 else None
        given: dict[str, Any] = {"deadlines": Deadlines(), "consent": Consent()} | self.settled
        return OnboardBrain(
            recogniser=self.recogniser,
            language="en",
            now=lambda: NOON,
            monotonic=lambda: asyncio.get_event_loop().time(),
            rng=random.Random(3),
            gestures=[],
            volume=lambda: 50,
            name="Pip",
            minds=Minds(system_one=system_one, system_two=system_two, **given),
            promises=self.promises,
        )
