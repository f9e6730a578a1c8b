"""What waits until somebody else has it for certain, and what has become of the rest.

Times are lived seconds that the caller gives. Priorities are numbers: 0 is the most urgent.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Literal

from cache.database import empty_log, open_database
from cache.sent import SCHEMA as SENT
from cache.sent import SentRow, drop_sent, note_sent, sent_since

FILE = "outbox.db"
MOST_DEAD = 100
"""Dead letters that are kept for somebody to look at; the oldest go first."""
MOST_LOSSES = 8
"""An item with which the link, or the device, was lost so often is what it is lost by."""

MIGRATIONS = (
    f"""
    CREATE TABLE meta (epoch TEXT NOT NULL);
    INSERT INTO meta VALUES (lower(hex(randomblob(8))));
    CREATE TABLE items (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        epoch TEXT NOT NULL,
        kind TEXT NOT NULL,
        priority INTEGER NOT NULL,
        key TEXT NOT NULL,
        body BLOB NOT NULL,
        size INTEGER NOT NULL,
        hash TEXT NOT NULL,
        made_s REAL NOT NULL,
        expires_s REAL NOT NULL,
        made_utc TEXT NOT NULL,
        boot_id TEXT NOT NULL,
        monotonic_s REAL NOT NULL,
        clock_set INTEGER NOT NULL,
        offline INTEGER NOT NULL,
        sends INTEGER NOT NULL DEFAULT 0,
        losses INTEGER NOT NULL DEFAULT 0,
        sent_to TEXT NOT NULL DEFAULT '',
        sent_utc TEXT NOT NULL DEFAULT '',
        sent_s REAL NOT NULL DEFAULT 0,
        dead TEXT NOT NULL DEFAULT ''
    );
    CREATE INDEX items_in_order ON items (priority, seq, size, expires_s) WHERE dead = '';
    CREATE INDEX items_by_key ON items (key) WHERE key <> '';
    CREATE TABLE dropped (
        kind TEXT NOT NULL,
        why TEXT NOT NULL,
        count INTEGER NOT NULL,
        since_utc TEXT NOT NULL,
        PRIMARY KEY (kind, why)
    );
    CREATE TABLE told (dropped INTEGER NOT NULL);
    INSERT INTO told VALUES (0);
    {SENT}
    """,
)

Fate = Literal["acknowledged", "rejected", "later", "unsent"]
"""What became of an item that was taken.

later: System 2 lives, and does not want it now, or says nothing. unsent: it has not left the device. Of one
whose link was lost, nothing is said: it stays, and that counts against it.
"""


@dataclass(frozen=True, slots=True)
class Fresh:
    """Something to be kept."""

    kind: str
    priority: int
    key: str
    """What is put under the same key again takes its place; "": nothing does."""
    body: bytes
    """JSON."""
    hash: str
    made_s: float
    expires_s: float
    """`math.inf`: never."""
    made_utc: str
    """ISO 8601, of a clock that may not be set."""
    boot_id: str
    monotonic_s: float
    """Of that boot."""
    clock_set: bool
    offline: bool
    """There was no link when it was made."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that waits, or is dead."""

    epoch: str
    """Under which it was made; see `OutboxStore.epoch`."""
    seq: int
    fresh: Fresh
    sends: int
    losses: int
    dead: str
    """Why it will not be sent any more: rejected or poison; "" while it waits."""

    @property
    def id(self) -> str:
        return _id(self.epoch, self.seq)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait, and how long is known what was sent."""

    most_items: int
    most_bytes: int
    sent_s: float


@dataclass(frozen=True, slots=True)
class Dropped:
    """A tombstone: so many of a kind were given up unsent, since the database was begun."""

    kind: str
    why: str
    """full, expired, or dead: a dead letter that nobody looks at any more."""
    count: int
    since_utc: str
    """When the first of them was."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in it, in numbers."""

    waiting: dict[str, int]
    """By kind."""
    dead: dict[str, int]
    """By kind."""
    dropped: tuple[Dropped, ...]


_COLUMNS = (
    "kind, priority, key, body, hash, made_s, expires_s, made_utc, boot_id, monotonic_s, clock_set, offline"
)

_MARKS = ", ".join("?" * 12)


class OutboxStore:
    """The items, their tombstones and the ledger of what was sent. Belongs to the one thread that made it."""

    def __init__(self, file: Path, bounds: Bounds) -> None:
        """Raises OSError or sqlite3.Error."""
        unclean = _has_log(file)
        self._database = open_database(file, MIGRATIONS, "FULL")
        self._bounds = bounds
        if unclean:
            self._database.execute("UPDATE meta SET epoch = lower(hex(randomblob(8)))")
        self.epoch: str = self._database.execute("SELECT epoch FROM meta").fetchone()[0]
        """Random, so that no id is ever given out twice: another one for a new database, and after an end in
        which a disk that lies may have lost the last numbers."""

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """Everything within is on disk when this ends, all or none. Raises sqlite3.Error."""
        if self._database.in_transaction:
            yield
            return
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            yield

    # --- what comes ----------------------------------------------------------------------------------

    def put(self, fresh: Fresh) -> int | None:
        """On disk when this returns; its number, or None: there was only room for what is more urgent.

        Raises sqlite3.Error.
        """
        return self.put_all([fresh])[0]

    def put_all(self, batch: Sequence[Fresh]) -> list[int | None]:
        """As `put`, for a few that go to the disk in one piece, which spares it."""
        with self.together():
            numbers = [self._insert(fresh) for fresh in batch]
            if batch:
                self._make_room(batch[-1].made_s, batch[-1].made_utc)
            return [number if self._there(self.epoch, number) else None for number in numbers]

    def note_sent(self, row: SentRow) -> None:
        """Something has left the device without ever having been in here. Raises sqlite3.Error."""
        with self.together():
            note_sent(self._database, row)

    # --- what goes -----------------------------------------------------------------------------------

    def take(
        self,
        peer: str,
        now_s: float,
        now_utc: str,
        *,
        least_urgent: int,
        passing: Collection[int] = (),
        staying: Collection[str] = (),
    ) -> Item | None:
        """The item to send next: the oldest of the most urgent; None where none waits.

        That it is about to be sent is on disk when this returns, so that nobody takes it for unsent later.
        `passing` are numbers of items, and `staying` kinds, that are not wanted now. Raises sqlite3.Error.
        """
        with self.together():
            self._make_room(now_s, now_utc)
            wanted = least_urgent, passing, staying
            while (item := self._next(*wanted)) is not None and item.losses >= MOST_LOSSES:
                self._kill(item.seq, "poison", now_s, now_utc)
            if item is not None:
                self._database.execute(
                    "UPDATE items SET sends = sends + 1, losses = losses + 1,"
                    " sent_to = ?, sent_utc = ?, sent_s = ? WHERE seq = ?",
                    (peer, now_utc, now_s, item.seq),
                )
        return item

    def settle(self, item_id: str, fate: Fate, now_s: float, now_utc: str) -> None:
        """What became of an item that was taken; one that is gone meanwhile is passed over.

        What was acknowledged is deleted and stands in the ledger. Raises sqlite3.Error.
        """
        epoch, _, number = item_id.rpartition("-")
        seq = int(number)
        with self.together():
            if not self._there(epoch, seq):
                return
            if fate == "acknowledged":
                self._remove("seq = ?", (seq,))
            elif fate == "rejected":
                self._kill(seq, "rejected", now_s, now_utc)
            elif fate == "later":
                self._database.execute("UPDATE items SET losses = losses - 1 WHERE seq = ?", (seq,))
            else:
                self._database.execute(
                    "UPDATE items SET losses = losses - 1, sends = sends - 1 WHERE seq = ?", (seq,)
                )

    # --- what is taken back --------------------------------------------------------------------------

    def withdraw(self, key: str) -> bool:
        """Remove what waits under `key`, for good; False: it has left already, or may have, or never was.

        Raises sqlite3.Error.
        """
        with self.together():
            sends = self._remove("key = ?", (key,))
        empty_log(self._database)
        return sends == [0]

    def forget(self, from_s: float, *, spare: Collection[str]) -> list[SentRow]:
        """Remove what was made since `from_s`, dead letters too, for good; some kinds stay.

        Tells what was made since then and has left already, or may have. Raises sqlite3.Error.
        """
        with self.together():
            marks = ", ".join("?" * len(spare))
            self._remove(f"kind NOT IN ({marks}) AND made_s >= ?", (*spare, from_s))
            sent = sent_since(self._database, from_s)
        empty_log(self._database)
        return sent

    def forget_kinds(self, kinds: Collection[str]) -> None:
        """Remove what waits of these kinds, dead letters too, for good. Raises sqlite3.Error."""
        marks = ", ".join("?" * len(kinds))
        with self.together():
            self._remove(f"kind IN ({marks})", tuple(kinds))
        empty_log(self._database)

    def tidy(self, now_s: float) -> None:
        """For quiet times: what was acknowledged is gone from the disk, too, and what was sent long ago is
        not known any more. Raises sqlite3.Error.
        """
        with self.together():
            drop_sent(self._database, now_s - self._bounds.sent_s)
        empty_log(self._database)

    # --- what can be told ----------------------------------------------------------------------------

    def contents(self) -> Contents:
        """Raises sqlite3.Error."""
        waiting = self._by_kind("dead = ''")
        return Contents(waiting, self._by_kind("dead <> ''"), tuple(self._dropped()))

    def dead_letters(self) -> list[Item]:
        """Oldest first. Raises sqlite3.Error."""
        return self._items("dead <> '' ORDER BY seq")

    def untold(self) -> tuple[Dropped, ...]:
        """The tombstones, if there is more in them than when they were told last. Raises sqlite3.Error."""
        (told,) = self._database.execute("SELECT dropped FROM told").fetchone()
        dropped = tuple(self._dropped())
        return dropped if sum(stone.count for stone in dropped) > told else ()

    def note_told(self, dropped: Collection[Dropped]) -> None:
        """These tombstones have been told. Raises sqlite3.Error."""
        with self.together():
            self._database.execute("UPDATE told SET dropped = ?", (sum(stone.count for stone in dropped),))

    def close(self) -> None:
        self._database.close()

    # --- within --------------------------------------------------------------------------------------

    def _next(self, least_urgent: int, passing: Collection[int], staying: Collection[str]) -> Item | None:
        seqs, kinds = (", ".join("?" * len(some)) for some in (passing, staying))
        found = self._items(
            f"dead = '' AND priority <= ? AND seq NOT IN ({seqs}) AND kind NOT IN ({kinds})"
            " ORDER BY priority, seq LIMIT 1",
            (least_urgent, *passing, *staying),
        )
        return found[0] if found else None

    def _items(self, where: str, values: tuple[object, ...] = ()) -> list[Item]:
        rows = self._database.execute(
            f"SELECT epoch, seq, sends, losses, dead, {_COLUMNS} FROM items WHERE {where}", values
        )
        return [_item(row) for row in rows]

    def _insert(self, fresh: Fresh) -> int:
        if fresh.key:
            self._remove("key = ? AND dead = ''", (fresh.key,))
        (seq,) = self._database.execute(
            f"INSERT INTO items ({_COLUMNS}, size, epoch) VALUES ({_MARKS}, ?, ?) RETURNING seq",
            (*astuple(fresh), len(fresh.body), self.epoch),
        ).fetchone()
        return int(seq)

    def _there(self, epoch: str, seq: int) -> bool:
        found = self._database.execute("SELECT 1 FROM items WHERE seq = ? AND epoch = ?", (seq, epoch))
        return bool(found.fetchone())

    def _remove(self, where: str, values: tuple[object, ...]) -> list[int]:
        """How often each was sent. Whatever was, or may have been, goes into the ledger."""
        rows = self._database.execute(
            f"DELETE FROM items WHERE {where}"
            " RETURNING sends, kind, epoch, seq, sent_to, sent_utc, sent_s, made_s",
            values,
        ).fetchall()
        for sends, kind, epoch, seq, peer, sent_utc, sent_s, made_s in rows:
            if sends:
                note_sent(self._database, SentRow(kind, _id(epoch, seq), peer, sent_utc, sent_s, made_s))
        return [sends for sends, *_ in rows]

    def _kill(self, seq: int, why: str, now_s: float, now_utc: str) -> None:
        self._database.execute("UPDATE items SET dead = ? WHERE seq = ?", (why, seq))
        self._bury(now_s, now_utc)

    def _make_room(self, now_s: float, now_utc: str) -> None:
        """Give up what is too old, and what is too much: the least urgent, and of these the oldest."""
        count, size, first_end_s = self._extent()
        if first_end_s <= now_s:
            self._give_up("dead = '' AND expires_s <= ?", (now_s,), "expired", now_utc)
            count, size, _ = self._extent()
        while count > self._bounds.most_items or (count and size > self._bounds.most_bytes):
            seq, length = self._database.execute(
                "SELECT seq, size FROM items WHERE dead = '' AND priority ="
                " (SELECT max(priority) FROM items WHERE dead = '') ORDER BY seq LIMIT 1"
            ).fetchone()
            self._give_up("seq = ?", (seq,), "full", now_utc)
            count, size = count - 1, size - length

    def _bury(self, now_s: float, now_utc: str) -> None:
        """Dead letters are kept for a while, and not too many."""
        newest_to_go = "SELECT seq FROM items WHERE dead <> '' ORDER BY seq DESC LIMIT 1 OFFSET ?"
        self._give_up(
            f"dead <> '' AND (expires_s <= ? OR seq <= ({newest_to_go}))", (now_s, MOST_DEAD), "dead", now_utc
        )

    def _give_up(self, where: str, values: tuple[object, ...], why: str, now_utc: str) -> None:
        kinds = self._database.execute(
            f"SELECT kind, count(*) FROM items WHERE {where} GROUP BY kind", values
        )
        for kind, count in kinds.fetchall():
            self._database.execute(
                "INSERT INTO dropped VALUES (?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET count = count + excluded.count",
                (kind, why, count, now_utc),
            )
        self._remove(where, values)

    def _extent(self) -> tuple[int, int, float]:
        """How many wait, their bytes, and when the first of them is worth nothing any more."""
        count, size, first_end_s = self._database.execute(
            "SELECT count(*), coalesce(sum(size), 0), min(expires_s) FROM items WHERE dead = ''"
        ).fetchone()
        return count, size, math.inf if first_end_s is None else first_end_s

    def _by_kind(self, where: str) -> dict[str, int]:
        return dict(
            self._database.execute(f"SELECT kind, count(*) FROM items WHERE {where} GROUP BY kind").fetchall()
        )

    def _dropped(self) -> list[Dropped]:
        rows = self._database.execute("SELECT kind, why, count, since_utc FROM dropped ORDER BY kind, why")
        return [Dropped(*row) for row in rows]


def _id(epoch: str, seq: int) -> str:
    return f"{epoch}-{seq}"


def _has_log(file: Path) -> bool:
    """Its last owner did not close it."""
    try:
        return file.with_name(file.name + "-wal").stat().st_size > 0
    except OSError:
        return False


def _item(row: tuple[Any, ...]) -> Item:
    epoch, seq, sends, losses, dead, *columns = row
    *plain, clock_set, offline = columns
    fresh = Fresh(*plain, *map(bool, (clock_set, offline)))
    return Item(epoch, seq, fresh, sends, losses, dead)
