"""Timers, alarms and reminders: kept across restarts, rung until a person says that it is enough.

Whatever rings is announced, with the ring before the words, every `RING_EVERY_S` until somebody
dismisses it, for `RING_FOR_S` at the most. What fell due longer ago than that, because the device was
off or its clock was set, is announced once, and says so. Each stays on disk until it is over: a
device that dies while it rings, rings when it is back.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cache.timers import TimerRow
from device.brain import timer_words
from device.brain.packs import Phrases
from device.brain.timer_words import Due
from device.contracts import Announcement, Outcome, RunningTimer, Timer, TimerRefusal, Urgency
from device.timer_book import Entry, Now, TimerBook
from device.timers_kept import Recalled

log = logging.getLogger(__name__)

RING_EVERY_S = 20.0
RING_FOR_S = 300.0
"""Nobody is there, or nobody can hear it."""
WORTH_SAYING_S = 60.0
"""An announcement that has waited for so long is made anew: it may ring by now with others."""
LONGEST_NAP_S = 10.0
"""A wall clock can be set at any time; so late at the most is that noticed."""
TRY_DISK_AGAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Clocks:
    """Where the time comes from."""

    wall: Callable[[], float] = time.time
    """Seconds since 1970, UTC."""
    monotonic: Callable[[], float] = time.monotonic
    to_utc: Callable[[datetime], float] = datetime.timestamp
    """When a naive local time comes; of one that the clocks skip or repeat, reckoned by the time before."""

    def now(self) -> Now:
        return Now(self.wall(), self.monotonic())


class Keeping(Protocol):
    """Where the timers lie when the device is off; nothing here can fail a ring."""

    @property
    def working(self) -> bool:
        """The last attempt to read or write went well."""
        ...

    async def recall(self) -> Recalled | None:
        """What was kept; None when it cannot be read (now)."""
        ...

    def keep(self, rows: list[TimerRow]) -> None:
        """These instead of what is there; returns at once."""
        ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class _Round:
    """An announcement under way."""

    announcement_id: int
    timer_ids: frozenset[int]
    began_s: float


class Alarms:
    """Implements `ports.Timers`. Everything runs in one event loop."""

    def __init__(
        self,
        kept: Keeping,
        announce: Callable[[Announcement], None],
        ids: Iterator[int],
        phrases: Phrases,
        clocks: Clocks | None = None,
    ) -> None:
        """`ids` gives announcement ids that no other announcer uses."""
        self._clocks = clocks or Clocks()
        self._announce = announce
        self._ids = ids
        self._phrases = phrases
        self._book = TimerBook(self._clocks.now(), self._clocks.to_utc)
        self._kept = kept
        self._recalled = False
        """Until what is on disk was read, nothing is written over it."""
        self._could_keep = True
        self._round: _Round | None = None
        self._next_ring_s = 0.0
        self._next_try_s = 0.0
        self._wake = asyncio.Event()

    # --- what a person wants (ports.Timers) ---

    @property
    def lasting(self) -> bool:
        return self._kept.working

    def add(self, timer: Timer) -> TimerRefusal | None:
        refusal = self._book.add(timer, self._clocks.now())
        self._next_try_s = 0.0  # somebody wants it kept: a disk that failed is tried at once
        self._changed()
        return refusal

    def cancel(self, timer_ids: Collection[int]) -> None:
        self._book.remove(timer_ids)
        self._changed()

    def running(self) -> tuple[RunningTimer, ...]:
        return self._book.running(self._clocks.now())

    def dismiss(self) -> None:
        """What was announced at least once; what nobody has heard yet still has to be said."""
        self.cancel([entry.timer_id for entry in self._book if entry.heard])

    # --- what the session tells ---

    def over(self, announcement_id: int, outcome: Outcome) -> None:
        """What became of an announcement; those of others are passed over."""
        if self._round is None or self._round.announcement_id != announcement_id:
            return
        ended, self._round = self._round, None
        now_s = self._clocks.monotonic()
        self._next_ring_s = max(now_s, ended.began_s + RING_EVERY_S)
        rung = [entry for entry in self._book if entry.timer_id in ended.timer_ids]
        if outcome is Outcome.DISMISSED:
            self._book.remove(ended.timer_ids)
        elif outcome is Outcome.SAID:
            for entry in rung:
                entry.heard = True
            self._book.remove([entry.timer_id for entry in rung if _told_once(entry)])
        self._changed()

    # --- ringing ---

    async def run(self) -> None:
        """Until cancelled; what is set then is on disk."""
        try:
            while True:
                if not self._recalled and self._clocks.monotonic() >= self._next_try_s:
                    await self._recall()
                self._look()
                await self._nap()
        finally:
            self._next_try_s = 0.0  # a disk that failed is tried once more
            self._keep(self._clocks.now())
            await self._kept.close()

    async def _recall(self) -> None:
        self._next_try_s = self._clocks.monotonic() + TRY_DISK_AGAIN_S
        recalled = await self._kept.recall()
        if recalled is None:
            return
        self._recalled = True
        self._book.restore(recalled.rows, self._clocks.now())
        if recalled.lost:
            self._tell("timers_lost")

    def _look(self) -> None:
        now = self._clocks.now()
        self._book.look(now)
        self._give_up(now)
        self._ring(now)
        self._keep(now)
        self._watch_disk()

    def _give_up(self, now: Now) -> None:
        """What has rung for long enough; not what nobody has been told of."""
        for entry in self._book:
            if entry.heard and now.monotonic_s - entry.rings_since_s >= RING_FOR_S:
                log.warning("%s %d rang and nobody came", entry.timer.kind.value, entry.timer_id)
                self._book.remove([entry.timer_id])

    def _ring(self, now: Now) -> None:
        """Announce all that rings, together; sooner than planned when one more begins."""
        if self._round is not None:
            if now.monotonic_s < self._round.began_s + 2 * WORTH_SAYING_S:
                return
            log.error("announcement %d: nobody told what became of it", self._round.announcement_id)
        ringing = [entry for entry in self._book if entry.due]
        if not ringing or (now.monotonic_s < self._next_ring_s and all(entry.announced for entry in ringing)):
            return
        for entry in ringing:
            self._book.changed |= not entry.rang
            entry.rang = entry.announced = True
        due = [Due(entry.timer, entry.late_s or 0.0, entry.while_off) for entry in ringing]
        ids = frozenset(entry.timer_id for entry in ringing)
        self._round = _Round(next(self._ids), ids, now.monotonic_s)
        text = timer_words.ringing(due, self._phrases)
        expires_s = now.monotonic_s + WORTH_SAYING_S
        self._announce(Announcement(self._round.announcement_id, Urgency.ALARM, text, expires_s, rings=True))

    def _keep(self, now: Now) -> None:
        due_again = not self._kept.working and now.monotonic_s >= self._next_try_s
        if self._recalled and (self._book.changed or due_again):
            self._book.changed = False
            self._next_try_s = now.monotonic_s + TRY_DISK_AGAIN_S
            self._kept.keep(self._book.rows())

    async def _nap(self) -> None:
        """Until there is something to do, or the wall clock may have been set."""
        self._wake.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._nap_s()):
                await self._wake.wait()

    def _nap_s(self) -> float | None:
        """None when nothing is set and nothing is to be written."""
        if not len(self._book) and self._recalled and self._kept.working:
            return None
        now = self._clocks.now()
        waits = [LONGEST_NAP_S, self._book.next_due_in_s(now) or LONGEST_NAP_S]
        if any(entry.due for entry in self._book):
            waits.append(self._next_ring_s - now.monotonic_s)
        return max(0.05, min(waits))

    def _changed(self) -> None:
        self._wake.set()

    # --- the disk's troubles ---

    def _watch_disk(self) -> None:
        """Say once that it fails, as long as it does."""
        if self._could_keep and not self._kept.working and len(self._book):
            self._could_keep = False
            self._tell("timers_unkept")
        elif self._kept.working:
            self._could_keep = True

    def _tell(self, phrase: str) -> None:
        expires_s = self._clocks.monotonic() + RING_FOR_S
        text = self._phrases.say(phrase)
        self._announce(Announcement(next(self._ids), Urgency.FAULT, text, expires_s))


def _told_once(entry: Entry) -> bool:
    """So late that ringing on would help nobody."""
    return (entry.late_s or 0.0) > RING_FOR_S
