"""How long the device has lived: the time axis of whatever is kept for so and so long.

A wall clock cannot serve: a board without a battery wakes up in 1970, and a clock that is set wrongly by ten
years would empty every store at once. A monotonic clock does not count the time that the device was off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn

from device.private_file import write_private
from device.timer_book import CLOCK_SET_FROM_S

log = logging.getLogger(__name__)

FILE: Final = "lived.json"
SAVE_EVERY_S: Final = 600.0
LONGEST_OFF_S: Final = 400 * 86400.0
"""A wall clock that leaps further was set wrongly, or is put right now; a device that lay in a drawer for
longer keeps what it has for as long as if it had not."""
SMALLEST_LEAP_S: Final = 5.0
"""What two clocks differ by is counted from here on."""


class LivedTime:
    """Seconds that never go back and never leap by more than `LONGEST_OFF_S`; close to Unix time.

    While the device runs they follow the monotonic clock. A wall clock that is ahead of that, at a start
    or when it is set, counts as time that the device was off.
    """

    def __init__(self, file: Path, wall: Callable[[], float], monotonic: Callable[[], float]) -> None:
        """Goes on from what was saved; a file that cannot be read is as none. Writes nothing."""
        self._file = file
        self._wall, self._monotonic = wall, monotonic
        self._lived_s, self._seen_wall_s = _saved(file) or (max(wall(), 0.0), wall())
        self._seen_s = monotonic()

    def now(self) -> float:
        """Lived seconds."""
        wall_s, monotonic_s = self._wall(), self._monotonic()
        ran_s = monotonic_s - self._seen_s
        if wall_s < CLOCK_SET_FROM_S <= self._seen_wall_s:  # not set yet: what it shows says nothing
            wall_s = self._seen_wall_s + ran_s
        ahead_s = wall_s - self._seen_wall_s - ran_s
        was_off = SMALLEST_LEAP_S <= ahead_s <= LONGEST_OFF_S and self._seen_wall_s >= CLOCK_SET_FROM_S
        self._lived_s += ran_s + (ahead_s if was_off else 0.0)
        self._seen_wall_s, self._seen_s = wall_s, monotonic_s
        return self._lived_s

    def save(self) -> None:
        """Raises OSError. To be called now and then, and at the end."""
        lived_s = self.now()
        kept = {"lived_s": lived_s, "wall_s": self._seen_wall_s}
        write_private(self._file, json.dumps(kept).encode())


async def keep_saved(lived: LivedTime) -> NoReturn:
    """Now, every `SAVE_EVERY_S`, and when it is cancelled. A disk that does not take it is told of once."""
    failed = False
    try:
        while True:
            failed = _save(lived, failed)
            await asyncio.sleep(SAVE_EVERY_S)
    finally:
        _save(lived, failed)


def _save(lived: LivedTime, failed_before: bool) -> bool:
    try:
        lived.save()
    except OSError as error:
        if not failed_before:
            log.error("how long the device has lived cannot be kept: %s", error)
        return True
    return False


def _saved(file: Path) -> tuple[float, float] | None:
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(file.read_text("utf-8"))
        lived_s, wall_s = float(kept["lived_s"]), float(kept["wall_s"])
        if math.isfinite(lived_s) and math.isfinite(wall_s):
            return lived_s, wall_s
    return None
