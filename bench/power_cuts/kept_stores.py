"""The product's own stores as the load drives them: what each is given, and what must be there again."""

from __future__ import annotations

import hashlib
import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import cache.memory
import cache.outbox
import cache.promises
import cache.timers
from bench.power_cuts.verdict import Found, Told
from cache.database import DAMAGED, Synchronous, open_database
from cache.memory import MemoryRow, MemoryStore
from cache.outbox import FILE, Bounds, Fresh, OutboxStore
from cache.promises import PromiseRow, PromiseStore
from cache.timers import TimerRow, TimerStore
from device.lived_time import LivedTime
from device.private_file import write_private

UTC = "2026-01-01T00:00:00+00:00"
"""The hour does not matter here."""
LEAST_URGENT = 3
TAKEN_BACK_EVERY = 40
"""To take something back for good empties the log, which waits for the disk even in the control."""


class Kept(Protocol):
    """One store under load. Raises what the store raises: the disk itself is well."""

    name: str

    def found(self) -> Found: ...

    def work(self, number: int) -> Iterator[Told]:
        """One change or more; each is told as soon as the store has said that it is done."""
        ...


def hurry() -> None:
    """The control: nothing waits for the disk. No setting of the product can bring this about."""

    def hurried(
        file: Path, migrations: Sequence[str], synchronous: Synchronous = "FULL"
    ) -> sqlite3.Connection:
        return open_database(file, migrations, "NORMAL")

    for module in (cache.memory, cache.outbox, cache.promises, cache.timers):
        vars(module)["open_database"] = hurried
    vars(os)["fsync"] = lambda descriptor: None


class Queue:
    """The outbox: put in, drained, and at times something is taken back."""

    name = "outbox"

    def __init__(self, state: Path) -> None:
        self._file = state / FILE
        self._store = OutboxStore(self._file, Bounds(10**6, 2**30, sent_s=10**9))

    def found(self) -> Found:
        with closing(sqlite3.connect(self._file)) as database:
            rows = database.execute("SELECT epoch, seq, body, hash FROM items").fetchall()
        torn = sum(_digest(body) != digest for *_, body, digest in rows)
        idents = {json.loads(body)["number"]: f"{epoch} {seq}" for epoch, seq, body, _ in rows}
        return Found(idents, _sound(self._file), torn)

    def work(self, number: int) -> Iterator[Told]:
        if number % TAKEN_BACK_EVERY == 0:
            yield from self._put(number, "a question")
            yield Told("leaving", self.name, number)
            self._store.withdraw("a question")
            yield Told("left", self.name, number)
        else:
            yield from self._put(number, "")
        if number % 2 == 0:
            yield from self._drain(float(number))

    def _put(self, number: int, key: str) -> Iterator[Told]:
        seq = self._store.put(_fresh(number, key))
        assert seq is not None, "there is room for all"
        yield Told("kept", self.name, number, f"{self._store.epoch} {seq}")

    def _drain(self, now_s: float) -> Iterator[Told]:
        item = self._store.take("nobody", now_s, UTC, least_urgent=LEAST_URGENT)
        if item is None:
            return
        number = json.loads(item.fresh.body)["number"]
        yield Told("leaving", self.name, number)
        self._store.settle(item.id, "acknowledged", now_s, UTC)
        yield Told("left", self.name, number)


class Memory:
    """What was said: added in pairs, never removed."""

    name = "memory"

    def __init__(self, state: Path) -> None:
        self._file = state / "memory.db"
        self._store = MemoryStore(self._file)

    def found(self) -> Found:
        halves = [int(row.text) for row in self._store.last(10**9)]
        torn = sum(first != second for first, second in zip(halves[::2], halves[1::2], strict=False))
        return Found(dict.fromkeys(halves, ""), _sound(self._file), torn + len(halves) % 2)

    def work(self, number: int) -> Iterator[Told]:
        rows = [MemoryRow(who, str(number), 0.0, 0.0) for who in ("person", "device")]
        self._store.add(UTC, rows)
        yield Told("kept", self.name, number)


class Promises:
    """Questions that are put in; now and then one is erased for good."""

    name = "promises"

    def __init__(self, state: Path) -> None:
        self._file = state / "promises.db"
        self._store = PromiseStore(self._file)

    def found(self) -> Found:
        rows = self._store.all()
        torn = sum(row.question != row.question_id * 50 for row in rows)
        return Found({int(row.question_id): "" for row in rows}, _sound(self._file), torn)

    def work(self, number: int) -> Iterator[Told]:
        self._store.put(PromiseRow(str(number), str(number) * 50, "en", float(number), math.inf))
        yield Told("kept", self.name, number)
        if number % TAKEN_BACK_EVERY == 0:
            yield Told("leaving", self.name, number)
            self._store.erase([str(number)])
            yield Told("left", self.name, number)


class Timers:
    """Written whole at each change."""

    name = "timers"

    def __init__(self, state: Path) -> None:
        self._file = state / "timers.db"
        self._store = TimerStore(self._file)

    def found(self) -> Found:
        labels = [row.label for row in self._store.all()]
        whole = len(set(labels)) <= 1 and (not labels or len(labels) == _how_many(int(labels[0])))
        return Found({int(label): "" for label in labels}, _sound(self._file), int(not whole))

    def work(self, number: int) -> Iterator[Told]:
        ids = range(1, _how_many(number) + 1)
        self._store.replace([TimerRow(each, "timer", str(number), 60, "", 0.0, False) for each in ids])
        yield Told("kept", self.name, number)


class PrivateFile:
    """A small file of settings or secrets, replaced by the next."""

    name = "private file"

    def __init__(self, state: Path) -> None:
        self._file = state / "chosen.toml"

    def found(self) -> Found:
        try:
            lines = self._file.read_text("ascii").split()
        except FileNotFoundError:
            return Found({})
        whole = bool(lines) and lines == _lines(int(lines[0]))
        return Found({int(lines[0]): ""} if whole else {}, torn=int(not whole))

    def work(self, number: int) -> Iterator[Told]:
        write_private(self._file, "\n".join(_lines(number)).encode())
        yield Told("kept", self.name, number)


class Lived:
    """The device's own time axis; the numbers are its milliseconds."""

    name = "lived time"

    def __init__(self, state: Path) -> None:
        self._file = state / "lived.json"
        self._time = LivedTime(self._file, time.time, time.monotonic)

    def found(self) -> Found:
        return Found({self._saved_ms(): ""} if self._file.exists() else {})

    def work(self, number: int) -> Iterator[Told]:
        self._time.save()
        yield Told("kept", self.name, self._saved_ms())

    def _saved_ms(self) -> int:
        return int(json.loads(self._file.read_text("ascii"))["lived_s"] * 1000)


def _fresh(number: int, key: str) -> Fresh:
    body = json.dumps({"number": number, "words": "word " * 60}).encode()
    return Fresh(
        "record",
        number % (LEAST_URGENT + 1),
        key,
        body,
        _digest(body),
        float(number),
        math.inf,
        UTC,
        "",
        0.0,
        True,
        False,
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _how_many(number: int) -> int:
    return number % 7 + 1


def _lines(number: int) -> list[str]:
    """More than a page of the disk, so that a half would show."""
    return [str(number)] * 1000


def _sound(file: Path) -> bool:
    """As SQLite sees it, by a connection of its own."""
    with closing(sqlite3.connect(file)) as database:
        (verdict,) = database.execute("PRAGMA integrity_check").fetchone()
    return verdict == "ok" and not file.with_name(file.name + DAMAGED).exists()


STORES: dict[str, Callable[[Path], Kept]] = {
    each.name: each for each in (Queue, Promises, Memory, Timers, PrivateFile, Lived)
}
"""All that is cut: given the state directory, each opens its store as the device does."""
WHOLE = frozenset({Timers.name, PrivateFile.name, Lived.name})
"""Those that keep one item, which the next replaces."""
