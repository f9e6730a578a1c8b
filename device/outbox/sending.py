"""The outbox of a device that has a System 2, joined with what fills it and what empties it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final, NoReturn, Protocol

from cache.outbox import OutboxStore
from device.config import Settings
from device.kept_database import KeptDatabase
from device.link.address import socket_address
from device.moment import Clocks
from device.outbox.draining import Draining, Reports
from device.outbox.kept import KeptOutbox, Told
from device.outbox.reporting import Reporting
from device.ports import System2
from device.record import TurnRecord

FAULT: Final = "the outbox"
LOST: Final = "What waited for System 2 was damaged on disk and is lost; a new outbox was begun."
LOST_SHOWN_S: Final = 3600.0
"""So long: what is lost stays lost, but the new outbox works."""


class Link(System2, Reports, Protocol):
    """What is wanted of the link."""


class Sending:
    """`outbox` is for whoever has something to send. All from the event loop; but for `run`, at once."""

    def __init__(
        self,
        state: Path,
        settings: Settings,
        clocks: Clocks,
        link: Link,
        *,
        idle: Callable[[], bool],
        keeps_words: Callable[[], bool],
        keeps_back: Callable[[str], bool],
        fault: Callable[[str, str], None],
        kept: type[KeptDatabase[OutboxStore]] = KeptDatabase,
    ) -> None:
        """`idle`: no turn is under way. `keeps_words`: every word stays on board now.

        `keeps_back`: a text is not to leave the device.
        `fault` is told should what waited be lost. Raises SettingsError for a url that is none.
        """
        self._peer = socket_address(settings.system2.url).host_header
        self._fault = fault
        self._shown: asyncio.TimerHandle | None = None
        self.outbox = KeptOutbox(
            state,
            settings,
            clocks,
            linked=lambda: link.health.up,
            told=Told(waits=self.stir, lost=self._lost),
            kept=kept,
        )
        self._reporting = Reporting(self.outbox, settings.consent, keeps_back)
        self._draining = Draining(
            self.outbox,
            link,
            self._peer,
            clocks,
            idle=idle,
            keeps_words=keeps_words,
            tells_dropped=settings.consent.telemetry,
        )

    def ended(self, record: TurnRecord) -> None:
        """A turn is over."""
        self._reporting.ended(record)
        self.stir()

    def asked(self, ref: str) -> None:
        """A question, or sound, leaves for System 2 at once; see `link.Calls`."""
        self.outbox.note_turn(ref, self._peer)

    def stir(self) -> None:
        """The link has changed, or something waits: see whether something can be sent."""
        self._draining.stir()

    async def run(self) -> NoReturn:
        """Ends only by being cancelled; what was noted is on disk then."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.outbox.run(), name="outbox: write")
                await self._draining.run()
        finally:
            await self.outbox.close()

    def _lost(self) -> None:
        self._fault(FAULT, LOST)
        if self._shown is not None:
            self._shown.cancel()
        self._shown = asyncio.get_running_loop().call_later(LOST_SHOWN_S, self._fault, FAULT, "")
        self._reporting.outbox_lost()
