"""Which timers are set, and which of them are due: pure, both clocks are told.

A length of time follows the monotonic clock: neither a clock that is set nor a change to summer time
makes an egg boil longer. A time of day follows the wall clock and the zone of the moment. What was
set before the last start can only be measured by the wall clock, so its end on disk is moved along
when that clock is set; but it never takes longer than its whole length after the start.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from cache.timers import TimerRow
from device.contracts import RunningTimer, Timer, TimerKind, TimerRefusal

AT_MOST = 20
LONGEST_S = 24 * 3600
CLOCK_SET_FROM_S = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
"""A wall clock before this was never set: boards without a battery wake up in 1970, or at a file's date."""
_MOVED_S = 1.0
"""An end on disk that is further off than this is written anew."""


@dataclass(frozen=True, slots=True)
class Now:
    """One moment on both clocks, seconds: since 1970 (UTC), and monotonic."""

    wall_s: float
    monotonic_s: float

    @property
    def clock_set(self) -> bool:
        return self.wall_s >= CLOCK_SET_FROM_S

    @property
    def ahead_s(self) -> float:
        """What the wall clock shows when the monotonic one shows 0."""
        return self.wall_s - self.monotonic_s


@dataclass(slots=True)
class Entry:
    """One timer that is set or rings."""

    timer_id: int
    timer: Timer
    due_utc: float
    due_s: float
    """Monotonic; of a time of day it means nothing."""
    from_disk: bool = False
    """Set before the last start."""
    rang: bool = False
    """It has begun to ring, in this run or before."""
    late_s: float | None = None
    """None until it is due; then how late that was noticed."""
    while_off: bool = False
    rings_since_s: float = 0.0
    """Monotonic, once it is due."""
    announced: bool = False
    """In this run, whatever became of it."""
    heard: bool = False
    """In this run it was announced to the end."""

    @property
    def due(self) -> bool:
        return self.late_s is not None


class TimerBook:
    """All timers of a device. `changed` says that what is on disk is not up to date."""

    def __init__(self, started: Now, to_utc: Callable[[datetime], float]) -> None:
        """`to_utc` tells when a naive local time comes, by the zone of the moment."""
        self._started = started
        self._to_utc = to_utc
        self._entries: dict[int, Entry] = {}
        self._last_id = 0
        self.changed = False

    def __iter__(self) -> Iterator[Entry]:
        """The next one first."""
        return iter(sorted(self._entries.values(), key=lambda entry: (not entry.due, entry.due_utc)))

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, timer: Timer, now: Now) -> TimerRefusal | None:
        if len(self) >= AT_MOST:
            return TimerRefusal.TOO_MANY
        if timer.length_s > LONGEST_S:
            return TimerRefusal.TOO_LONG
        if timer.local is not None and not now.clock_set:
            return TimerRefusal.CLOCK_UNSET
        due_utc = now.wall_s + timer.length_s if timer.local is None else self._to_utc(timer.local)
        self._enter(timer, due_utc, now.monotonic_s + timer.length_s)
        self.changed = True
        return None

    def restore(self, rows: Iterable[TimerRow], now: Now) -> None:
        """What was set before the last start."""
        for row in rows:
            local = datetime.fromisoformat(row.local) if row.local else None
            timer = Timer(TimerKind(row.kind), row.label, row.length_s, local)
            entry = self._enter(timer, row.due_utc, now.monotonic_s + row.length_s)
            entry.rang = row.rang
            entry.from_disk = row.due_utc >= CLOCK_SET_FROM_S  # set by an unset clock, its end means nothing

    def remove(self, timer_ids: Collection[int]) -> None:
        for timer_id in timer_ids:
            self.changed |= self._entries.pop(timer_id, None) is not None

    def look(self, now: Now) -> None:
        """Take both clocks in: ends are moved as the clocks were, and what is due is marked."""
        for entry in self._entries.values():
            if not entry.due:
                self._measure(entry, now)
                if self._left_s(entry, now) <= 0 and (now.clock_set or entry.timer.local is None):
                    self._fall_due(entry, now)

    def next_due_in_s(self, now: Now) -> float | None:
        """Seconds until the next one; None when none is waiting."""
        return min((self._left_s(entry, now) for entry in self if not entry.due), default=None)

    def running(self, now: Now) -> tuple[RunningTimer, ...]:
        return tuple(
            RunningTimer(entry.timer_id, entry.timer, 0.0 if entry.due else self._left_s(entry, now))
            for entry in self
        )

    def rows(self) -> list[TimerRow]:
        """All that has to be on disk."""
        return [
            TimerRow(
                entry.timer_id,
                entry.timer.kind.value,
                entry.timer.label,
                entry.timer.length_s,
                entry.timer.local.isoformat() if entry.timer.local else "",
                entry.due_utc,
                entry.rang,
            )
            for entry in self
        ]

    def _enter(self, timer: Timer, due_utc: float, due_s: float) -> Entry:
        self._last_id += 1
        entry = self._entries[self._last_id] = Entry(self._last_id, timer, due_utc, due_s)
        return entry

    def _measure(self, entry: Entry, now: Now) -> None:
        """When it is due, by the clock that it follows."""
        if entry.timer.local is not None:
            self._move(entry, self._to_utc(entry.timer.local))
        elif entry.from_disk:
            at_the_latest = self._started.monotonic_s + entry.timer.length_s
            entry.due_s = min(at_the_latest, entry.due_utc - now.ahead_s)
        else:
            self._move(entry, entry.due_s + now.ahead_s)

    def _move(self, entry: Entry, due_utc: float) -> None:
        if abs(due_utc - entry.due_utc) > _MOVED_S:
            entry.due_utc = due_utc
            self.changed = True

    def _left_s(self, entry: Entry, now: Now) -> float:
        if entry.timer.local is not None:
            return entry.due_utc - now.wall_s
        return entry.due_s - now.monotonic_s

    def _fall_due(self, entry: Entry, now: Now) -> None:
        entry.late_s = max(0.0, -self._left_s(entry, now))
        entry.rings_since_s = now.monotonic_s
        started_utc = self._started.monotonic_s + now.ahead_s
        entry.while_off = entry.from_disk and not entry.rang and entry.due_utc < started_utc
