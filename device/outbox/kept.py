"""The outbox on disk (ports.Outbox): one writer thread, and no disk that hangs or fails holds up a turn."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import msgspec

from cache.outbox import FILE, Bounds, Contents, Dropped, Fate, Fresh, Item, OutboxStore
from cache.sent import SentRow
from device import config
from device.contracts import Outgoing, OutgoingKind, Sent
from device.errors import OutboxError
from device.kept_database import HungDisk, KeptDatabase
from device.link.native import body_hash
from device.moment import Clocks, Moment

log = logging.getLogger(__name__)

LONGEST_BODY_BYTES: Final = 16_384
BATCH: Final = 20
"""A row of telemetry alone costs ten times the flash that it costs in a batch of so many."""
BATCH_S: Final = 60.0
"""So much telemetry is lost at most when the power goes."""
MOST_NOTED: Final = 256
"""What is noted while the disk does not take it; then the oldest telemetry is lost."""
ERASING_S: Final = 10.0
"""How long it may take to find and overwrite what is erased."""
DAY_S: Final = 86_400.0

ResultT = TypeVar("ResultT")

_URGENCY: Final = {kind: number for number, kind in enumerate(OutgoingKind)}
_WORDLESS_AND_URGENT: Final = frozenset({OutgoingKind.ERASURE.value, OutgoingKind.ALERT.value})
"""These outlive a wish to forget the last minutes: no words are in them, and somebody may be in need."""
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an item that was taken."""

    item_id: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Told:
    """Whom the outbox tells. From the event loop; each returns at once."""

    waits: Callable[[], None] = lambda: None
    """Something new is on the disk, and waits."""
    lost: Callable[[], None] = lambda: None
    """The database was damaged: what waited is gone, and another one was begun."""


class KeptOutbox:
    """Every wait on the disk is bounded; what failed may be tried again, and works once the disk does."""

    def __init__(
        self,
        state: Path,
        settings: config.Settings,
        clocks: Clocks,
        *,
        linked: Callable[[], bool],
        told: Told | None = None,
        kept: type[KeptDatabase[OutboxStore]] = KeptDatabase,
    ) -> None:
        """`linked`: System 2 can be reached now."""
        bounds = Bounds(
            settings.outbox.most_items,
            settings.outbox.most_mb * 1_000_000,
            settings.retention.sent_days * DAY_S,
        )
        self._keep_s = settings.outbox.days * DAY_S
        self._clocks = clocks
        self._linked = linked
        self._told = told or Told()
        file = state / FILE
        self._disk = kept("outbox", file, lambda: OutboxStore(file, bounds), lambda: self._told.lost())
        self._noted: list[Fresh | SentRow] = []
        self._being_written: list[Fresh | SentRow] = []
        self._pressing = asyncio.Event()

    @property
    def working(self) -> bool:
        """The last thing that was wanted of the disk went well."""
        return self._disk.working

    # --- ports.Outbox --------------------------------------------------------------------------------

    async def put(self, item: Outgoing) -> None:
        """On disk when this returns. Raises OutboxError: it was not kept, and nobody may be told it was.

        Should the disk come back after it hung, what was refused meanwhile may be kept all the same.
        """
        fresh = self._fresh(item)
        if await self._disk.run(lambda store: store.put(fresh)) is None:
            raise OutboxError("The outbox is full of what is more urgent; it empties once System 2 is there.")
        self._told.waits()

    def note(self, item: Outgoing) -> None:
        """As `put`, but returns at once, and what cannot be kept is lost with a word in the log.

        Telemetry waits for more of it, or for a minute. Written by `run`.
        """
        try:
            self._note(self._fresh(item), pressing=item.kind is not OutgoingKind.TELEMETRY)
        except OutboxError as error:
            log.warning("outbox: a %s is lost: %s", item.kind.value, error)

    async def withdraw(self, key: str) -> bool:
        """Take back what still waits under `key`, for good; False: it was sent already, or never put.

        Raises OutboxError.
        """
        noted = self._let_go(lambda note: note.key == key)
        return await self._disk.run(lambda store: store.withdraw(key), ERASING_S) or noted

    async def forget(self, since_s: float | None) -> tuple[Sent, ...]:
        """Erase what waits and came since `since_s` (lived seconds; None: all of it), free pages included.

        Tells what had already been sent in that time, or may have been. Erasures that wait stay.
        Raises OutboxError.
        """
        from_s = -math.inf if since_s is None else since_s
        spare = {OutgoingKind.ERASURE.value} if since_s is None else _WORDLESS_AND_URGENT
        self._let_go(lambda note: note.kind not in spare and note.made_s >= from_s)
        asked = [note for note in (*self._being_written, *self._noted) if isinstance(note, SentRow)]
        rows = await self._disk.run(lambda store: store.forget(from_s, spare=spare), ERASING_S)
        return tuple(map(_sent, dict.fromkeys((*rows, *(row for row in asked if row.made_s >= from_s)))))

    async def forget_kinds(self, *kinds: OutgoingKind) -> None:
        """Erase what waits of these kinds, whenever it came. Raises OutboxError."""
        names = frozenset(kind.value for kind in kinds)

        def stays(note: Fresh | SentRow) -> bool:
            return isinstance(note, SentRow) or note.kind not in names

        self._noted = list(filter(stays, self._noted))
        self._being_written = list(filter(stays, self._being_written))
        await self._disk.run(lambda store: store.forget_kinds(names), ERASING_S)

    # --- what was asked at once ------------------------------------------------------------------------

    def note_turn(self, ref: str, peer: str) -> None:
        """A question was asked of System 2 at once; `ref` as in `Sent`. Written by `run`."""
        now = self._clocks.now()
        self._note(SentRow("turn", ref, peer, now.utc, now.lived_s, now.lived_s), pressing=False)

    async def run(self) -> NoReturn:
        """Write what is noted; ends only by being cancelled, and `close` writes the rest."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BATCH_S):
                    await self._pressing.wait()
            self._pressing.clear()
            await self._write()

    async def close(self) -> None:
        """What was noted is on disk, or the disk has had its time."""
        await self._write()
        await self._disk.close()

    # --- for the drain -------------------------------------------------------------------------------

    async def take(
        self,
        peer: str,
        *,
        after: Settled | None = None,
        least_urgent: OutgoingKind = OutgoingKind.TELEMETRY,
        passing: Collection[int] = (),
        staying: Collection[OutgoingKind] = (),
    ) -> Item | None:
        """The item to send next, marked as on its way; and what became of the one before, in one write.

        Raises OutboxError: then neither is on disk.
        """
        now, urgency, kinds = self._clocks.now(), _URGENCY[least_urgent], [kind.value for kind in staying]

        def settle_and_take(store: OutboxStore) -> Item | None:
            with store.together():
                _settle(store, after, now)
                return store.take(
                    peer, now.lived_s, now.utc, least_urgent=urgency, passing=passing, staying=kinds
                )

        return await self._disk.run(settle_and_take)

    async def settle(self, after: Settled) -> None:
        """What became of an item that was taken. Raises OutboxError."""
        now = self._clocks.now()
        await self._disk.run(lambda store: _settle(store, after, now))

    async def tell_dropped(self) -> None:
        """Put the tombstones as telemetry, if there are any that were not told. Raises OutboxError."""

        dropped = await self._disk.run(lambda store: store.untold())
        if not dropped:
            return
        body = {"dropped": [_tombstone(stone) for stone in dropped]}
        fresh = self._fresh(Outgoing(OutgoingKind.TELEMETRY, body, key="dropped"))

        def tell(store: OutboxStore) -> None:
            with store.together():
                store.put(fresh)
                store.note_told(dropped)

        await self._disk.run(tell)

    async def tidy(self) -> None:
        """For quiet times: what was acknowledged is gone from the disk for good. Raises OutboxError."""
        lived_s = self._clocks.now().lived_s
        await self._disk.run(lambda store: store.tidy(lived_s), ERASING_S)

    # --- what can be looked at -----------------------------------------------------------------------

    async def contents(self) -> Contents:
        """Raises OutboxError."""
        return await self._disk.run(lambda store: store.contents())

    async def dead_letters(self) -> list[Item]:
        """What System 2 refused, or was lost by, oldest first. Raises OutboxError."""
        return await self._disk.run(lambda store: store.dead_letters())

    # --- within --------------------------------------------------------------------------------------

    def _fresh(self, item: Outgoing) -> Fresh:
        """Raises OutboxError."""
        try:
            body = _encoder.encode(item.body)
        except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
            raise OutboxError(f"It is not plain data: {error}") from error
        if len(body) > LONGEST_BODY_BYTES:
            raise OutboxError(f"It has {len(body)} bytes, and {LONGEST_BODY_BYTES} are allowed.")
        now = self._clocks.now()
        lasts = item.kind is OutgoingKind.ERASURE and item.keep_s is None
        keep_s = self._keep_s if item.keep_s is None else item.keep_s
        return Fresh(
            kind=item.kind.value,
            priority=_URGENCY[item.kind],
            key=item.key,
            body=body,
            hash=body_hash(item.body),
            made_s=now.lived_s,
            expires_s=math.inf if lasts else now.lived_s + keep_s,
            made_utc=now.utc,
            boot_id=self._clocks.boot_id,
            monotonic_s=now.monotonic_s,
            clock_set=now.clock_set,
            offline=not self._linked(),
        )

    def _note(self, note: Fresh | SentRow, *, pressing: bool) -> None:
        self._noted.append(note)
        self._bound_noted()
        if pressing or len(self._noted) >= BATCH:
            self._pressing.set()

    def _let_go(self, gone: Callable[[Fresh], bool]) -> bool:
        """Of what is not certain to be on the disk; it had some of that which only waited."""
        before = len(self._noted)
        for notes in (self._noted, self._being_written):
            notes[:] = [note for note in notes if isinstance(note, SentRow) or not gone(note)]
        return len(self._noted) < before

    def _bound_noted(self) -> None:
        """What is too much goes, the oldest of the least urgent first."""
        while len(self._noted) > MOST_NOTED:
            least = max(self._noted, key=lambda note: note.priority if isinstance(note, Fresh) else 0)
            log.warning("outbox: a %s is lost, because the disk takes nothing", least.kind)
            self._noted.remove(least)

    async def _write(self) -> None:
        """All that is noted, in one piece; what was not written is kept for the next time.

        Of a disk that hangs nobody knows what it took: that is not written again, so that nothing is twice.
        """
        if not self._noted:
            return
        self._being_written, self._noted = self._noted, []
        batch, tried = tuple(self._being_written), False

        def write(store: OutboxStore) -> None:
            nonlocal tried
            tried = True
            _write_all(store, batch)

        try:
            await self._disk.run(write)
        except HungDisk:
            log.warning("outbox: %d things noted may be lost, because the disk hangs", len(batch))
        except OutboxError:  # told where it happened
            self._keep_noted()
        except asyncio.CancelledError:
            if not tried:
                self._keep_noted()
            raise
        else:
            self._told.waits()
        finally:
            self._being_written = []

    def _keep_noted(self) -> None:
        """What was to be written is to be written again."""
        self._noted = self._being_written + self._noted
        self._bound_noted()


def _write_all(store: OutboxStore, batch: Collection[Fresh | SentRow]) -> None:
    with store.together():
        store.put_all([note for note in batch if isinstance(note, Fresh)])
        for note in batch:
            if isinstance(note, SentRow):
                store.note_sent(note)


def _settle(store: OutboxStore, settled: Settled | None, now: Moment) -> None:
    if settled is not None:
        store.settle(settled.item_id, settled.fate, now.lived_s, now.utc)


def _sent(row: SentRow) -> Sent:
    return Sent(row.kind, row.ref, row.peer, row.sent_utc)


def _tombstone(stone: Dropped) -> dict[str, object]:
    return {"kind": stone.kind, "why": stone.why, "count": stone.count, "since_utc": stone.since_utc}
