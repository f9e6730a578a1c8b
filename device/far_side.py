"""System 2 as the agent has it: one connection, taken steadily; what waits for it, and what was promised."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from pathlib import Path

from device.brain import privacy
from device.brain.packs import promise_phrases
from device.config import Settings
from device.contracts import LinkHealth, Outcome
from device.egress import Egress
from device.keyless import Keyless
from device.link.channel import Taken
from device.link.link import Calls, Link
from device.link.native import Report
from device.linked import link_or_why, telling
from device.moment import Clocks
from device.outbox.kept import KeptOutbox
from device.outbox.sending import FAULT as OUTBOX
from device.outbox.sending import Sending
from device.promises.kept import KeptPromises
from device.promises.promises import PromiseClocks, Promises
from device.record import TurnRecord
from device.session import Session
from device.steady import SteadySystem2
from device.supervise import supervise
from device.system2_shown import LINK

PROMISES = "the promises"


class FarSide:
    """Nobody there, where the settings name no System 2. Event loop only."""

    def __init__(
        self,
        settings: Settings,
        egress: Egress,
        env: Mapping[str, str],
        state: Path,
        clocks: Clocks,
        session: Callable[[], Session],
        fault: Callable[[str, str], None],
        ids: Iterator[int],
    ) -> None:
        """`session` is asked for once the device runs. `ids` gives announcement ids that nobody else uses.

        Only the native dialect has a device channel, and with it outbox and promises. Raises SettingsError.
        """
        self._session = session
        self._fault = fault
        self.system_two: SteadySystem2 | None = None
        self.promises: Promises | None = None
        self._sending: Sending | None = None
        calls = Calls(lambda: session().stop(), self._changed, self._asked, self._take)
        self._link = link_or_why(settings, egress, env, calls, fault)
        self._told = telling(self._link, lambda record: None)
        if self._link is None:
            return
        self.system_two = SteadySystem2(self._link, time.monotonic, lambda health: session().linked(health))
        if settings.system2.dialect != "native":
            return
        self._sending = Sending(
            state,
            settings,
            clocks,
            self._link,
            idle=lambda: session().idle,
            keeps_words=lambda: session().use == "never",
            keeps_back=_keeps_back(settings, session),
            fault=fault,
        )
        self.promises = Promises(
            KeptPromises(state),
            self._sending.outbox,
            lambda announcement: session().announce(announcement),
            ids,
            promise_phrases(settings.language, name=settings.character.name),
            settings.promises.hours * 3600.0,
            PromiseClocks(clocks.lived_s),
            lambda announcement_id: session().withdraw(announcement_id),
        )

    @property
    def outbox(self) -> KeptOutbox | None:
        """What waits for System 2."""
        return self._sending.outbox if self._sending else None

    def ended(self, record: TurnRecord) -> None:
        """A turn is over."""
        self._told(record)
        if self._sending:
            self._sending.ended(record)
        if self.promises:
            self.promises.turn_ended(record)

    def announced(self, announcement_id: int, outcome: Outcome) -> None:
        """What became of an announcement, whoever made it."""
        if self.promises:
            self.promises.over(announcement_id, outcome)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Around the session: what turns leave for System 2 that end with the device is on disk, too."""
        try:
            yield
        finally:
            if self._sending:
                await self._sending.outbox.close()

    async def run(self) -> None:
        """Until cancelled. What was noted for System 2 is on disk then."""
        if self._link is None:
            return
        try:
            async with asyncio.TaskGroup() as group:
                for part, run in self._rooms(self._link):
                    group.create_task(supervise(part, run, self._fault), name=part)
        finally:
            if self.system_two:
                self.system_two.close()

    def _rooms(self, link: Link | Keyless) -> Iterator[tuple[str, Callable[[], Awaitable[object]]]]:
        yield LINK, link.run
        if self._sending:
            yield OUTBOX, self._sending.run
        if self.promises:
            yield PROMISES, self.promises.run

    # --- link.Calls ----------------------------------------------------------------------------------

    def _changed(self, health: LinkHealth) -> None:
        if self.system_two:
            self.system_two.look()
        if self._sending:
            self._sending.stir()

    def _asked(self, ref: str) -> None:
        if self._sending:
            self._sending.asked(ref)

    async def _take(self, report: Report) -> Taken:
        return await self.promises.take(report) if self.promises else "rejected"


def _keeps_back(settings: Settings, session: Callable[[], Session]) -> Callable[[str], bool]:
    """Whether a text is not to leave the device."""
    classes, agreed = privacy.load(settings.language), privacy.agreed(settings.consent)
    return lambda text: session().use == "never" or bool(classes.told(text) - agreed)
