"""On a real file system that fails: nothing is acknowledged that is not kept, and all goes on afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cache.database import DAMAGED, open_database
from cache.outbox import OutboxStore
from cache.timers import TimerStore
from tests import small_disk
from tests.cache.stores import STORES, Kind
from tests.small_disk import SmallDisk, mounted

DISK_MIB = 8
SOME = 10
AT_MOST = 2000
"""Items until a disk must have failed."""
CUTS = 3
every_store = pytest.mark.parametrize("kind", STORES.values(), ids=STORES)


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[SmallDisk]:
    small_disk.make(image := tmp_path / "disk.img", DISK_MIB, getattr(request, "param", 4096))
    with mounted(image, tmp_path / "disk") as disk:
        yield disk


@pytest.fixture
def file(disk: SmallDisk) -> Path:
    return disk.folder / "state" / "some.db"


def add_until_it_fails(kind: Kind, store: Any, first: int) -> set[int]:
    """The numbers that were acknowledged; the next one failed, and said so as it should."""
    for number in range(first, first + AT_MOST):
        try:
            kind.add(store, number)
        except (OSError, sqlite3.Error):
            return set(range(first, number))
    raise AssertionError("it never failed")


def added(kind: Kind, store: Any, first: int) -> set[int]:
    for number in range(first, first + SOME):
        kind.add(store, number)
    return set(range(first, first + SOME))


def all_together(kind: Kind, store: OutboxStore, numbers: Iterable[int]) -> None:
    with store.together():
        for number in numbers:
            kind.add(store, number)


@every_store
def test_a_full_disk_takes_what_it_said_and_goes_on_when_there_is_room(
    disk: SmallDisk, file: Path, kind: Kind
) -> None:
    with closing(kind.opened(file)) as store:
        disk.fill(leave=64 << 10)
        kept = add_until_it_fails(kind, store, 1)
        assert kept
        disk.make_room()
        kept |= added(kind, store, AT_MOST)
    disk.back()
    assert kind.numbers(file) == kept
    assert not file.with_name(file.name + DAMAGED).exists()


def test_a_disk_that_fills_up_in_mid_transaction_takes_nothing_of_it(disk: SmallDisk, file: Path) -> None:
    kind = STORES["outbox"]
    with closing(kind.opened(file)) as store:
        kind.add(store, 1)
        disk.fill(leave=256 << 10)
        with pytest.raises(sqlite3.OperationalError, match="full"):
            all_together(kind, store, range(2, AT_MOST))
        kind.add(store, AT_MOST)
    disk.make_room()
    disk.back()
    assert kind.numbers(file) == {1, AT_MOST}


@pytest.mark.parametrize("left", [0, 8 << 10, 40 << 10])
@pytest.mark.parametrize("disk", [1024, 4096], indirect=True, ids=["blocks of 1 kB", "blocks of 4 kB"])
def test_a_full_disk_is_an_error_when_a_store_is_opened(disk: SmallDisk, file: Path, left: int) -> None:
    """Where blocks are small, SQLite would end the process with a signal (SIGBUS)."""
    TimerStore(file).close()
    disk.fill(leave=left)
    with pytest.raises(OSError, match="No space left"):
        TimerStore(file)
    disk.make_room()
    TimerStore(file).close()


@every_store
def test_on_a_full_disk_none_is_begun_and_none_set_aside(disk: SmallDisk, file: Path, kind: Kind) -> None:
    disk.fill(leave=8 << 10)
    with pytest.raises((OSError, sqlite3.Error)):
        kind.opened(file)
    disk.make_room()
    with closing(kind.opened(file)) as store:
        assert added(kind, store, 1)
    assert not file.with_name(file.name + DAMAGED).exists()


@every_store
@pytest.mark.parametrize("befalls", [SmallDisk.fail, SmallDisk.die], ids=["read-only", "dead"])
def test_a_disk_that_fails_is_believed_at_once_and_its_files_are_not_called_damaged(
    disk: SmallDisk, file: Path, kind: Kind, befalls: Callable[[SmallDisk], None]
) -> None:
    """SQLite may call a file malformed on a dead disk, for what it reads in its place."""
    with closing(kind.opened(file)) as store:
        kept = added(kind, store, 1)
        befalls(disk)
        for _ in range(2):
            assert add_until_it_fails(kind, store, AT_MOST) == set()
    with pytest.raises((OSError, sqlite3.Error)):
        kind.opened(file)
    disk.back()
    with closing(kind.opened(file)) as store:
        assert added(kind, store, 1000)
    if kind.forces:
        assert kept <= kind.numbers(file)
    assert not file.with_name(file.name + DAMAGED).exists()


@every_store
def test_what_was_acknowledged_is_there_when_the_power_goes(disk: SmallDisk, file: Path, kind: Kind) -> None:
    """`bench.power_cuts` does it with a whole machine."""
    kept: set[int] = set()
    for cut in range(CUTS):
        with closing(kind.opened(file)) as store:
            kept |= added(kind, store, cut * SOME + 1)
            disk.die()
        disk.back()
        kind.opened(file).close()
        if kind.forces:
            assert kind.numbers(file) == kept
    assert not file.with_name(file.name + DAMAGED).exists()


def test_without_waiting_for_the_disk_the_same_cut_loses_rows(disk: SmallDisk, file: Path) -> None:
    """So the test before this one would see a store that does not wait."""
    database = open_database(file, ["CREATE TABLE notes (number INTEGER)"])
    database.execute("PRAGMA synchronous = NORMAL")
    for number in range(SOME):
        database.execute("INSERT INTO notes VALUES (?)", (number,))
    disk.die()
    database.close()
    disk.back()
    database = open_database(file, ["CREATE TABLE notes (number INTEGER)"])
    assert database.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    database.close()
