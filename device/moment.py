"""When something was: on every clock there is, because each of them may be wrong alone."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from device.timer_book import CLOCK_SET_FROM_S

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment."""

    lived_s: float
    """See `device.lived_time`."""
    wall_s: float
    """Since 1970 (UTC); means nothing while the clock is not set."""
    monotonic_s: float
    """Of this boot."""

    @property
    def clock_set(self) -> bool:
        return self.wall_s >= CLOCK_SET_FROM_S

    @property
    def utc(self) -> str:
        """ISO 8601."""
        return utc_of(self.wall_s)


class Clocks:
    """All clocks of the device."""

    def __init__(
        self,
        lived: Callable[[], float],
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        boot_id: str | None = None,
    ) -> None:
        """`boot_id` names what the monotonic clock counts from; None: as the kernel names it."""
        self.lived_s = lived
        self._wall, self._monotonic = wall, monotonic
        self.boot_id = boot_id or _boot_id()

    def now(self) -> Moment:
        return Moment(self.lived_s(), self._wall(), self._monotonic())


def utc_of(wall_s: float) -> str:
    """ISO 8601 with milliseconds."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")


def _boot_id() -> str:
    """Where the kernel has none, a name for this run: nothing of another run is then put on its clock."""
    try:
        return BOOT_ID.read_text("ascii").strip()
    except OSError:
        return secrets.token_hex(16)
