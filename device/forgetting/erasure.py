"""Forgetting what people said, everywhere at once: one place that knows everything that keeps something.

Every part erases what it has for good, or says why it could not; then it is tried again until it is done,
also after a restart. Nothing is told to be gone that is not. What is kept where: docs/erasure.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from device.contracts import Erased, ErasureReport
from device.errors import TwomindsError
from device.forgetting.asking_back import PART, AskingBack
from device.forgetting.due import ErasuresDue
from device.ports import Outbox

log = logging.getLogger(__name__)

AGAIN_S: Final = 60.0
"""What could not be erased is tried again so often."""
PART_S: Final = 20.0
"""Longer than any part waits for its disk."""

Forget = Callable[[float | None], Awaitable[int]]
"""Erase for good what came since then (lived seconds; None: all); how much that was.

Raises OSError, sqlite3.Error or TwomindsError when not all of it is gone; asked again, it goes on.
"""


class Erasure:
    """Implements `ports.Forgetting`. Event loop only; one erasure at a time."""

    def __init__(
        self,
        parts: Mapping[str, Forget],
        outbox: Outbox | None,
        state: Path,
        lived: Callable[[], float],
        last_exchange_s: Callable[[], float | None] = lambda: None,
        tell: Callable[[ErasureReport], None] = lambda report: None,
    ) -> None:
        """`parts` by names that a person understands. `tell` is given every report, also of what was tried
        again. `lived` gives lived seconds, as does `last_exchange_s`: when the last turn began in which a
        person said something."""
        self._asking_back = AskingBack(outbox) if outbox else None
        self._parts = {**parts, **({PART: self._asking_back.forget} if self._asking_back else {})}
        self._due = ErasuresDue(state)
        self._lived = lived
        self._last_exchange_s = last_exchange_s
        self._tell = tell
        self._one_at_a_time = asyncio.Lock()
        self._goes_on = asyncio.Event()

    # --- what a person asks for (ports.Forgetting) ---

    async def forget_last_exchange(self) -> ErasureReport:
        since_s = self._last_exchange_s()
        return await self._since(self._lived() if since_s is None else since_s)

    async def forget_last(self, seconds: float) -> ErasureReport:
        return await self._since(self._lived() - seconds)

    async def forget_everything(self) -> ErasureReport:
        return await self._since(None)

    def wish(self, last_s: float | None) -> None:
        self._due.add(self._parts, None if last_s is None else self._lived() - last_s)
        self._goes_on.set()

    # --- carrying it out ---

    async def _since(self, since_s: float | None) -> ErasureReport:
        """Forget what was said since then (lived seconds; None: ever). Cancelled, it goes on in `run`."""
        self._due.add(self._parts, since_s)
        try:
            return await self._carry_out()
        except asyncio.CancelledError:
            self._goes_on.set()
            raise

    async def run(self) -> None:
        """What is due from before the start, or because it failed, until it is done. Until cancelled."""
        while True:
            self._goes_on.clear()
            if self._due.pending:
                await self._carry_out()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(AGAIN_S):
                    await self._goes_on.wait()

    async def _carry_out(self) -> ErasureReport:
        """The outbox comes last, since others put something into it, or take something out."""
        async with self._one_at_a_time:
            due = self._due.pending
            others = [part for part in self._parts if part in due and part != PART]
            erased = await asyncio.gather(*(self._erase(part, due[part]) for part in others))
            if PART in self._parts and PART in due:
                erased.append(await self._erase(PART, due[PART]))
            self._due.done(part.part for part in erased if not part.failed)
            sent, asked_back = self._asking_back.take() if self._asking_back else ((), False)
        report = ErasureReport(tuple(erased), sent, asked_back)
        _log(report)
        self._tell(report)
        return report

    async def _erase(self, part: str, since_s: float | None) -> Erased:
        """Whatever happens to one part, the others go on."""
        try:
            async with asyncio.timeout(PART_S):
                return Erased(part, await self._parts[part](since_s))
        except (OSError, sqlite3.Error, TwomindsError) as error:
            return Erased(part, 0, str(error) or "it takes too long")
        except Exception as error:
            log.exception("%s cannot be forgotten", part)
            return Erased(part, 0, f"a fault ({type(error).__name__}), see the log")


def _log(report: ErasureReport) -> None:
    for part in report.parts:
        if part.failed:
            log.error("not everything is forgotten: %s: %s; it is tried again", part.part, part.failed)
    gone = ", ".join(f"{part.part} {part.removed}" for part in report.parts if not part.failed)
    log.info("forgotten on request: %s; had been sent before: %d", gone or "nothing", len(report.sent))
