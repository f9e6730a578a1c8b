"""System 2 as the device takes it: its health is steadied, and whoever shows it is told when that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

from device.connectivity import Connectivity
from device.contracts import LinkHealth, Question, ReplyItem
from device.ports import Listening, System2

LOOK_AGAIN_S: Final = 5.0
"""While it is away: a link that rests after a silence does not say when its rest is over."""


class SteadySystem2:
    """Implements `ports.System2` around the one that is measured. Event loop only."""

    def __init__(
        self, system_two: System2, clock: Callable[[], float], changed: Callable[[LinkHealth], None]
    ) -> None:
        """`changed` is told how System 2 is to be taken, whenever that is not what was told before."""
        self._system_two = system_two
        self._clock = clock
        self._changed = changed
        self._so = Connectivity()
        self._told: LinkHealth | None = None
        self._tick: asyncio.TimerHandle | None = None

    @property
    def health(self) -> LinkHealth:
        """As it is to be taken; but sound is sent only while the link itself takes it."""
        health = self._measured()
        return replace(health, hears=health.hears and self._system_two.health.hears)

    def look(self) -> None:
        """The link may be otherwise than before: to be called whenever it says so. Returns at once."""
        health = self._measured()
        if health != self._told:
            self._told = health
            self._changed(health)
        if self._tick is not None:
            self._tick.cancel()
        again_s = self._so.again_s(self._clock())
        if again_s is None and not health.up:
            again_s = LOOK_AGAIN_S
        loop = asyncio.get_running_loop()
        self._tick = None if again_s is None else loop.call_later(again_s, self.look)

    def _measured(self) -> LinkHealth:
        now_s = self._clock()
        self._so.measured(self._system_two.health, now_s)
        return self._so.at(now_s)

    def close(self) -> None:
        """Look no more."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None

    def ask(self, question: Question) -> AsyncIterator[ReplyItem]:
        """Raises NoSystem2 at once when the link itself is down, however it is taken."""
        return self._system_two.ask(question)

    def listen(self) -> Listening:
        return self._system_two.listen()

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        self._system_two.spoken(turn_id, text, cut_off=cut_off)
