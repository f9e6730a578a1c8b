"""The soak presses as it says it does."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any, cast

from bench.soak import Soaked
from bench.soak_sound import one_turn
from device.hw.gestures import Act, Edge, State, step
from tests import virtual_time
from tests.agent_process import Agent, Message
from tests.sound_card import SoundCard

EDGES = {"press": Edge.DOWN, "release": Edge.UP}


class Loaded(random.Random):
    """Dice that choose these kinds of turns, and cut none of them short."""

    def __init__(self, kinds: Sequence[str]) -> None:
        super().__init__(1)
        self._kinds = iter(kinds)

    def choice(self, seq: Any) -> Any:
        return next(self._kinds)

    def random(self) -> float:
        return 1.0


class PageWithButton:
    """Understands presses as the device does; with a release a turn ends."""

    def __init__(self) -> None:
        self.said: list[tuple[float, Message]] = []
        self.acts: list[Act] = []
        self._button = State(stuck_s=35)

    async def send(self, text: str) -> None:
        now_s = asyncio.get_running_loop().time()
        self._button, acts = step(self._button, now_s, EDGES[json.loads(text)["type"]])
        self.acts += acts
        if Act.RELEASE in acts:
            self.said.append((now_s, {"type": "turn", "record": {"error": None}}))


def test_taps_in_a_row_and_a_press_after_them_are_no_gesture() -> None:
    """Tap, tap, hold would mute the device under the soak's hands."""
    page, kinds = PageWithButton(), ("tapped", "tapped", "spoken", "tapped", "tapped", "tapped")
    soaked, rng = Soaked(), Loaded(kinds)

    async def story() -> None:
        running = Agent(cast(Any, None), cast(Any, page), page.said)
        for _ in kinds:
            await one_turn(running, cast(SoundCard, None), None, soaked, rng)
            running.forget()

    virtual_time.run(story())
    assert page.acts == [Act.PRESS, Act.RELEASE] * len(kinds)
    assert soaked.turns == {"tapped": 5, "spoken": 1}
