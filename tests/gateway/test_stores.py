"""What the stores promise beyond what whole conversations show: time, limits, other processes."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from device.contracts import Line, Who
from device.link.native import Report
from gateway.stores import database as database_module
from gateway.stores.database import MIGRATIONS, Database
from gateway.stores.ports import StoreError, Taken
from gateway.stores.sqlite import open_stores
from gateway.stores.sqlite_erasure import SqliteErasing
from gateway.stores.sqlite_reports import SqliteReports, SqliteUses
from gateway.stores.sqlite_sessions import SqliteSessions

Story = Callable[[Database], Awaitable[None]]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def told(folder: Path, story: Story) -> None:
    async def whole() -> None:
        database = Database(folder / "store.sqlite")
        await database.open()
        try:
            await story(database)
        finally:
            await database.close()

    asyncio.run(whole())


def kept(word: bytes, folder: Path) -> bool:
    """In the database, or in its log."""
    return any(word in file.read_bytes() for file in folder.iterdir())


def test_what_is_said_too_late_was_not_heard(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        sessions = SqliteSessions(database, clock)
        session = await sessions.open("d", "")
        await sessions.asked(session, "d", 1, "Why?")
        clock.now += 10.5
        assert not await sessions.said(session, 1, "Because.", False, 10)
        assert await sessions.history(session, 1000) == (Line(Who.PERSON, "Why?"),)
        await sessions.asked(session, "d", 2, "Why then?")
        clock.now += 9.5
        assert await sessions.said(session, 2, "So.", False, 10)
        assert (await sessions.history(session, 1000))[-1] == Line(Who.DEVICE, "So.")

    told(tmp_path, story)


def test_a_history_within_its_budget_leaves_out_the_oldest_turns(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        sessions = SqliteSessions(database)
        session = await sessions.open("d", "")
        for turn_id in range(4):
            await sessions.asked(session, "d", turn_id, f"question {turn_id}")
            await sessions.said(session, turn_id, f"answer {turn_id}", False, 60)
        history = await sessions.history(session, 2 * len("question 0answer 0"))
        assert [line.text for line in history] == ["question 2", "answer 2", "question 3", "answer 3"]
        assert await sessions.history(session, 5) == ()

    told(tmp_path, story)


def test_what_was_not_used_for_long_is_forgotten(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        sessions, reports = SqliteSessions(database, clock), SqliteReports(database, clock)
        erasing = SqliteErasing(database, clock)
        old = await sessions.open("d", "")
        await reports.take("d", Report(op="boot", id="old"))
        clock.now += 100
        new = await sessions.open("d", "")
        await erasing.before(clock.now - 50)
        assert [session.id for session in await sessions.all("d")] == [new]
        assert old != new
        assert await reports.newest("d") == []

    told(tmp_path, story)


def test_what_was_forgotten_is_in_no_file_either(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        sessions = SqliteSessions(database, clock)
        session = await sessions.open("d", "")
        await sessions.asked(session, "d", 1, "a-word-of-a-person")
        await SqliteErasing(database, clock).before(clock.now + 1)
        assert not kept(b"a-word-of-a-person", tmp_path)

    told(tmp_path, story)


def test_erasing_that_another_process_holds_up_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "BUSY_S", 0.05)

    async def story(database: Database) -> None:
        sessions, erasing = SqliteSessions(database), SqliteErasing(database)
        await sessions.asked("s", "d", 1, "a-word-of-a-person")
        with contextlib.closing(sqlite3.connect(tmp_path / "store.sqlite")) as other:
            other.execute("BEGIN")
            other.execute("SELECT * FROM turns").fetchall()
            with pytest.raises(StoreError, match="erase it again"):
                await erasing.device("d")
            with pytest.raises(StoreError, match="erase it again"):
                await erasing.finish()
        await erasing.finish()
        assert not kept(b"a-word-of-a-person", tmp_path)

    told(tmp_path, story)


def test_any_number_of_processes_may_make_the_file_at_once(tmp_path: Path) -> None:
    """Threads that know nothing of each other."""

    def begin(file: Path) -> None:
        async def story() -> None:
            async with open_stores(file) as stores:
                await stores.sessions.open("d", "")

        asyncio.run(story())

    with ThreadPoolExecutor(8) as threads:
        for number in range(10):
            file = tmp_path / f"{number}.sqlite"
            for beginning in [threads.submit(begin, file) for _ in range(8)]:
                beginning.result()


def test_of_telemetry_only_the_newest_keeps_its_body(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        reports = SqliteReports(database)
        for seq in (1, 2):
            await reports.take("d", Report(op="telemetry", id=f"t{seq}", seq=seq, body={"seq": seq}))
        assert {one.id: one.body for one in await reports.newest("d")} == {"t1": {}, "t2": {"seq": 2}}

    told(tmp_path, story)


def test_a_limit_holds_for_a_minute(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        uses = SqliteUses(database, clock)
        assert [await uses.use("d", "ask", 2) > 0 for _ in range(3)] == [False, False, True]
        assert await uses.use("other", "ask", 2) == 0
        clock.now += await uses.use("d", "ask", 2)
        assert await uses.use("d", "ask", 2) == 0

    told(tmp_path, story)


def test_what_fails_midway_was_not_done(tmp_path: Path) -> None:
    def work(sql: sqlite3.Connection) -> None:
        sql.execute("INSERT INTO sessions VALUES ('a', 'd', 1, 1)")
        sql.execute("INSERT INTO nowhere VALUES (1)")

    async def story(database: Database) -> None:
        with pytest.raises(StoreError, match="nowhere"):
            await database.run(work)
        assert await SqliteSessions(database).all(None) == []

    told(tmp_path, story)


def test_what_an_older_release_kept_counts_once_still(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite") as older:
        older.executescript(MIGRATIONS[0] + "PRAGMA user_version = 1")
        older.execute("INSERT INTO reports VALUES ('d', 'm', 'message', 1, '', 0, '{\"a\":1}', 1.0)")

    async def story(database: Database) -> None:
        reports = SqliteReports(database)
        assert await reports.take("d", Report(op="message", id="m", body={"a": 1})) is Taken.AGAIN
        assert [one.body for one in await reports.newest("d")] == [{"a": 1}]

    told(tmp_path, story)


def test_a_file_of_a_newer_release_is_not_touched(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "store.sqlite") as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")

    async def story(database: Database) -> None:
        raise AssertionError("it was opened")

    with pytest.raises(StoreError, match="newer release"):
        told(tmp_path, story)


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "store.sqlite").write_bytes(b"no database at all " * 100)

    async def story(database: Database) -> None:
        raise AssertionError("it was opened")

    with pytest.raises(StoreError, match="cannot be used"):
        told(tmp_path, story)
