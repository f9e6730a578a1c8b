"""Sound that nobody hears: it passes as fast as time does, so that whoever waits for it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

TICK_S = 0.05


class ClockedOutlet:
    """Stands in where no page is open. `report(sound_id, samples)` is called while sound passes."""

    rate_hz = 8_000

    def __init__(self, report: Callable[[int, int], None]) -> None:
        self._report = report
        self._sound_id = 0
        self._given = 0
        self._passed = 0.0
        self._last_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def play(self, sound_id: int, turn_id: int) -> None:
        self.silence()
        self._sound_id = sound_id
        self._given, self._passed = 0, 0.0

    def sound(self, sound_id: int, pcm: bytes) -> None:
        self._given += len(pcm) // 2
        if self._timer is None:
            self._last_s = asyncio.get_running_loop().time()
            self._tick_later()

    def silence(self) -> None:
        self._given = int(self._passed)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick_later(self) -> None:
        left_s = (self._given - self._passed) / self.rate_hz
        self._timer = asyncio.get_running_loop().call_later(min(TICK_S, left_s), self._tick)

    def _tick(self) -> None:
        now_s = asyncio.get_running_loop().time()
        self._passed += (now_s - self._last_s) * self.rate_hz
        self._last_s = now_s
        if self._passed > self._given - 1:  # a part of a sample is no time at all
            self._passed = self._given
        self._timer = None
        if self._passed < self._given:
            self._tick_later()
        self._report(self._sound_id, int(self._passed))
