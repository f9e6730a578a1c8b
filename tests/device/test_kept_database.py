"""A store whose disk fails, hangs, fills up and comes back."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from device.errors import OutboxError
from device.kept_database import HungDisk, KeptDatabase


class Store:
    """Counts what is done to it."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


class Opened:
    """Makes stores, and remembers them."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.stores: list[Store] = []

    def __call__(self) -> Store:
        if self.failures:
            raise self.failures.pop(0)
        self.stores.append(Store())
        return self.stores[-1]


def failing(error: sqlite3.Error) -> Callable[[Store], None]:
    def call(store: Store) -> None:
        raise error

    return call


def with_code(error: sqlite3.Error, code: int) -> sqlite3.Error:
    error.sqlite_errorcode = code
    return error


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept.db"


def test_one_that_cannot_be_opened_is_opened_as_soon_as_it_can(file: Path) -> None:
    opened = Opened(OSError("read-only"))

    async def story() -> None:
        kept = KeptDatabase("store", file, opened, lambda: None)
        with pytest.raises(OutboxError, match="read-only"):
            await kept.run(lambda store: 1)
        assert not kept.working
        assert await kept.run(lambda store: 2) == 2
        assert kept.working
        await kept.close()

    asyncio.run(story())
    assert [store.closed for store in opened.stores] == [True]


@pytest.mark.parametrize(
    ("error", "opened_anew"),
    [
        (with_code(sqlite3.OperationalError("disk full"), sqlite3.SQLITE_FULL), False),
        (with_code(sqlite3.OperationalError("busy"), sqlite3.SQLITE_BUSY), False),
        (with_code(sqlite3.OperationalError("I/O error"), sqlite3.SQLITE_IOERR_FSYNC), True),
        (with_code(sqlite3.OperationalError("read-only"), sqlite3.SQLITE_READONLY_DBMOVED), True),
        (with_code(sqlite3.DatabaseError("malformed"), sqlite3.SQLITE_CORRUPT), True),
    ],
)
def test_after_an_error_that_may_have_spoilt_it_it_is_opened_anew(
    file: Path, error: sqlite3.Error, opened_anew: bool
) -> None:
    opened = Opened()

    async def story() -> None:
        kept = KeptDatabase("store", file, opened, lambda: None)
        with pytest.raises(OutboxError):
            await kept.run(failing(error))
        await kept.run(lambda store: None)
        await kept.close()

    asyncio.run(story())
    assert len(opened.stores) == (2 if opened_anew else 1)
    assert all(store.closed for store in opened.stores)


def test_nobody_waits_for_a_disk_that_hangs(file: Path) -> None:
    goes_on = threading.Event()
    opened = Opened()

    async def story() -> None:
        kept = KeptDatabase("store", file, opened, lambda: None)
        with pytest.raises(HungDisk):
            await kept.run(lambda store: goes_on.wait(), 0.05)
        assert await kept.run(lambda store: "another thread") == "another thread"
        await kept.close()

    try:
        asyncio.run(story())
    finally:
        goes_on.set()
    assert len(opened.stores) == 2


def test_it_is_told_when_a_damaged_one_was_set_aside(file: Path) -> None:
    told: list[str] = []

    def set_aside() -> Store:
        file.with_name("kept.db.damaged").write_bytes(b"")
        return Store()

    async def story() -> None:
        kept = KeptDatabase("store", file, set_aside, lambda: told.append("lost"))
        await kept.run(lambda store: None)
        await kept.run(lambda store: None)
        await kept.close()

    asyncio.run(story())
    assert told == ["lost"]
