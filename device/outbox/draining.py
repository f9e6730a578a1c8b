"""The outbox is emptied over the device channel: in order, at a gentle pace, and never during a turn.

Why jitter: AWS Architecture Blog, "Exponential Backoff And Jitter" (2015). When a network or a gateway comes
back, so does everybody that was waiting for it; here they begin at different moments and go on at different
paces.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, Protocol

import msgspec

from cache.outbox import Fate, Item
from device.contracts import OutgoingKind
from device.errors import LinkError, NoSystem2, OutboxError
from device.link import native as n
from device.link.channel import Unacknowledged
from device.moment import Clocks, utc_of
from device.outbox.kept import KeptOutbox, Settled

log = logging.getLogger(__name__)

URGENT: Final = OutgoingKind.QUESTION
"""This and what is more urgent does not wait for the rest, nor for its pace."""
_URGENT: Final = frozenset({OutgoingKind.ERASURE, OutgoingKind.ALERT, URGENT})
_WITH_WORDS: Final = (OutgoingKind.QUESTION, OutgoingKind.RECORD)
FIRST_PAUSE_S: Final = 15.0
LEAST_RETRY_S: Final = 5.0
"""However soon System 2 wants it again: each time is two writes to the flash."""
LONGEST_PAUSE_S: Final = 600.0
"""After System 2 has not answered, or the disk has failed; doubled each time."""
LOOK_S: Final = 60.0
"""Somebody looks, also when nobody has said that there is anything to see."""
TURN_LOOK_S: Final = 2.0
"""During a turn: its end may be told a moment before the device is idle."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How gently it goes; each is made longer or shorter by chance."""

    gap_s: float = 0.25
    """Between any two: half to one and a half of it."""
    burst: int = 8
    burst_every_s: float = 10.0
    """So much of what is not urgent, then a pause: 48 in a minute, where the reference gateway takes 60."""
    urgent_spread_s: float = 2.0
    spread_s: float = 30.0
    """The link is back: what is urgent, and the rest, begins at some moment within so many seconds."""


class Reports(Protocol):
    """The device channel of the link."""

    @property
    def takes_reports(self) -> bool:
        """There is a System 2 now that understands them."""
        ...

    async def report(self, report: n.Report) -> n.Ack:
        """Raises LinkError, NoSystem2."""
        ...


GENTLE: Final = Pace()


class Draining:
    """One item at a time; until System 2 has acknowledged it, it stays, and is sent again."""

    def __init__(
        self,
        outbox: KeptOutbox,
        link: Reports,
        peer: str,
        clocks: Clocks,
        *,
        idle: Callable[[], bool],
        tells_dropped: bool,
        keeps_words: Callable[[], bool] = lambda: False,
        pace: Pace = GENTLE,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`peer`: who System 2 is, for the ledger. `idle`: no turn is under way.

        `keeps_words`: nothing with a person's words is to leave now.
        `tells_dropped`: what had to be given up is told in numbers (`consent.telemetry`).
        """
        self._outbox = outbox
        self._link = link
        self._peer = peer
        self._clocks = clocks
        self._idle = idle
        self._keeps_words = keeps_words
        self._tells_dropped = tells_dropped
        self._pace = pace
        self._chance = chance
        self._stirred = asyncio.Event()
        self._up = False
        self._none_before_s = 0.0
        """Of the event loop's clock, as all here."""
        self._rest_not_before_s = 0.0
        self._left_of_burst = self._pace.burst
        self._setbacks = 0
        self._passing: set[int] = set()
        """Those that were sent and not answered: the others come first."""
        self._untidy = True

    def stir(self) -> None:
        """The link has changed, a turn is over, or something new waits: look again."""
        self._stirred.set()

    async def run(self) -> NoReturn:
        """Ends only by being cancelled; what was not acknowledged then is sent again after the next start."""
        while True:
            self._stirred.clear()
            try:
                wait_s = await self._look()
            except OutboxError:  # told where it happened
                wait_s = self._set_back()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stirred.wait()

    async def _look(self) -> float:
        """Send what may be sent now; seconds after which to look again. Raises OutboxError."""
        self._notice_link()
        if not self._link.takes_reports:
            return LOOK_S
        if not self._idle():
            return TURN_LOOK_S
        if (left_s := self._none_before_s - self._now_s()) > 0:
            return left_s
        none_left = await self._send_some()
        soonest_s = max(self._none_before_s, self._rest_not_before_s)
        if (left_s := soonest_s - self._now_s()) > 0:
            return left_s
        if none_left:
            await self._clear_up()
        return LOOK_S

    async def _send_some(self) -> bool:
        """Until a turn begins, the link is lost or a pause is due; True: nothing more waits.

        What became of one item is written together with the mark of the next. Raises OutboxError.
        """
        after: Settled | None = None
        item: Item | None = None
        while self._may_send():
            item = await self._outbox.take(
                self._peer,
                after=after,
                least_urgent=self._least_urgent(),
                passing=self._passing,
                staying=_WITH_WORDS if self._keeps_words() else (),
            )
            after = None
            if item is None:
                break
            fate = await self._sent(item) if self._may_send() else "unsent"
            if fate is not None:
                after = Settled(item.id, fate)
            await asyncio.sleep(self._pace.gap_s * (0.5 + self._chance()))
        if after is not None:
            await self._outbox.settle(after)
        none_left = item is None and after is None
        if none_left and self._passing:
            self._passing.clear()
            return False
        return none_left

    async def _sent(self, item: Item) -> Fate | None:
        """What became of it; None: the link was lost with it."""
        self._untidy = True
        self._count()
        try:
            ack = await self._link.report(self._report(item))
        except NoSystem2:
            return "unsent"
        except Unacknowledged:
            self._passing.add(item.seq)
            self._set_back()
            return "later"
        except LinkError:
            return None
        self._setbacks = 0
        if ack.status == "retry":
            self._wait(item, max(ack.retry_after_s, LEAST_RETRY_S) * (1 + self._chance() / 4))
            return "later"
        if ack.status == "rejected":
            log.warning("outbox: System 2 refuses a %s; it is kept as a dead letter", item.fresh.kind)
            return "rejected"
        return "acknowledged"

    async def _clear_up(self) -> None:
        """Nothing waits. Raises OutboxError."""
        if self._untidy:
            self._untidy = False
            if self._tells_dropped:
                await self._outbox.tell_dropped()
            await self._outbox.tidy()

    # --- the pace ------------------------------------------------------------------------------------

    def _notice_link(self) -> None:
        came_back = self._link.takes_reports and not self._up
        self._up = self._link.takes_reports
        if came_back:
            now_s = self._now_s()
            self._none_before_s = max(
                self._none_before_s, now_s + self._pace.urgent_spread_s * self._chance()
            )
            self._rest_not_before_s = max(
                self._rest_not_before_s, now_s + self._pace.spread_s * self._chance()
            )

    def _may_send(self) -> bool:
        return self._link.takes_reports and self._idle() and self._now_s() >= self._none_before_s

    def _least_urgent(self) -> OutgoingKind:
        return OutgoingKind.TELEMETRY if self._now_s() >= self._rest_not_before_s else URGENT

    def _count(self) -> None:
        """After every burst there is a pause for what is not urgent."""
        self._left_of_burst -= 1
        if self._left_of_burst == 0:
            self._left_of_burst = self._pace.burst
            pause_s = self._pace.burst_every_s * (0.75 + self._chance() / 2)
            self._rest_not_before_s = max(self._rest_not_before_s, self._now_s() + pause_s)

    def _wait(self, item: Item, seconds: float) -> None:
        """System 2 wants it later: what is urgent waits for no other thing than itself."""
        until_s = self._now_s() + seconds
        if OutgoingKind(item.fresh.kind) in _URGENT:
            self._none_before_s = max(self._none_before_s, until_s)
        else:
            self._rest_not_before_s = max(self._rest_not_before_s, until_s)

    def _set_back(self) -> float:
        """Nothing is sent for so many seconds."""
        due_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** min(self._setbacks, 16))
        self._setbacks += 1
        pause_s = due_s * (0.5 + self._chance() / 2)
        self._none_before_s = max(self._none_before_s, self._now_s() + pause_s)
        return pause_s

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()

    # --- the report ----------------------------------------------------------------------------------

    def _report(self, item: Item) -> n.Report:
        return n.Report(
            op=item.fresh.kind,
            id=item.id,
            seq=item.seq,
            ts=self._made_utc(item),
            offline=item.fresh.offline,
            body=msgspec.json.decode(item.fresh.body),
            hash=item.fresh.hash,
        )

    def _made_utc(self, item: Item) -> str:
        """When it was made; "" where nobody knows. A clock that was set later in that boot puts it right."""
        fresh, now = item.fresh, self._clocks.now()
        if fresh.clock_set:
            return fresh.made_utc
        if fresh.boot_id == self._clocks.boot_id and now.clock_set:
            return utc_of(now.wall_s - (now.monotonic_s - fresh.monotonic_s))
        return ""
