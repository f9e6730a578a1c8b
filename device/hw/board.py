"""How the board is: its heat, its battery. Read from /sys, away from the event loop.

https://docs.kernel.org/driver-api/thermal/sysfs-api.html (temperatures in thousandths of a degree),
https://docs.kernel.org/power/power_supply_class.html.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from device.contracts import BoardHealth

SYS: Final = Path("/sys")
EVERY_S: Final = 10.0
"""A processor's heat changes within seconds; to spare it work this is soon enough."""
_SENSIBLE_C: Final = range(-40, 151)
"""Sensors that are not connected report nonsense."""


class BoardWatch:
    """The board's health, always at hand."""

    def __init__(self, root: Path = SYS) -> None:
        self._root = root
        self._health = BoardHealth()

    def health(self) -> BoardHealth:
        """As it was last read; returns at once."""
        return self._health

    async def run(self) -> None:
        """Read again and again, until cancelled."""
        while True:
            self._health = await asyncio.to_thread(read, self._root)
            await asyncio.sleep(EVERY_S)


def read(root: Path = SYS) -> BoardHealth:
    """What the board says now. Some milliseconds; a sensor that cannot be read is passed over."""
    degrees = [
        value / 1000
        for zone in sorted(root.glob("class/thermal/thermal_zone*"))
        if (value := _number(zone / "temp")) is not None and int(value / 1000) in _SENSIBLE_C
    ]
    batteries = [supply for supply in sorted(root.glob("class/power_supply/*")) if _feeds_the_board(supply)]
    charges = [charge for supply in batteries if (charge := _number(supply / "capacity")) is not None]
    return BoardHealth(
        heat_c=max(degrees, default=None),
        battery_percent=min(charges, default=None),
        discharging=any(_text(supply / "status") == "Discharging" for supply in batteries),
    )


def _feeds_the_board(supply: Path) -> bool:
    """A wireless mouse has a battery, too."""
    return _text(supply / "type") == "Battery" and _text(supply / "scope") != "Device"


def _number(file: Path) -> int | None:
    try:
        return int(_text(file))
    except ValueError:
        return None


def _text(file: Path) -> str:
    """Empty for what is not there, or fails to be read as sensors do."""
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""
