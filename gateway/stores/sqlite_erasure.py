"""Removing for good, in SQLite: rows are overwritten with zeros, and the write-ahead log is emptied."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from typing import TypeVar

from gateway.bodies import Erasure
from gateway.stores.database import Database
from gateway.stores.tombstones import buried, bury, remove_questions, remove_reports

T = TypeVar("T")

AGAIN_BUSY_S = 0.05
"""What is tried every second holds nobody up."""


class SqliteErasing:
    """The `Erasing` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def device(self, device_id: str) -> int:
        return await self._for_good(lambda sql: _everything(sql, device_id, self._clock()))

    async def session(self, session_id: str) -> int:
        def work(sql: sqlite3.Connection) -> int:
            turns = sql.execute("DELETE FROM turns WHERE session_id = ?", (session_id,)).rowcount
            return turns + sql.execute("DELETE FROM sessions WHERE id = ?", (session_id,)).rowcount

        return await self._for_good(work)

    async def asked_for(self, device_id: str, report_id: str, erasure: Erasure) -> bool:
        now = self._clock()

        def work(sql: sqlite3.Connection) -> bool:
            if buried(sql, device_id, "report", report_id):
                return False
            bury(sql, device_id, "report", [report_id], now)
            if erasure.all:
                _everything(sql, device_id, now)
            _listed(sql, device_id, erasure, now)
            return True

        return await self._for_good(work)

    async def before(self, time: float) -> None:
        def work(sql: sqlite3.Connection) -> int:
            sessions = sql.execute("DELETE FROM sessions WHERE used_at < ?", (time,)).rowcount
            reports = sql.execute("DELETE FROM reports WHERE received_at < ?", (time,)).rowcount
            return sessions + reports + sql.execute("DELETE FROM tombstones WHERE at < ?", (time,)).rowcount

        if await self._database.run(work):
            await self._database.wipe_log()

    async def finish(self) -> None:
        if self._database.log_to_wipe:
            await self._database.wipe_log(AGAIN_BUSY_S)

    async def _for_good(self, work: Callable[[sqlite3.Connection], T]) -> T:
        done = await self._database.run(work)
        await self._database.wipe_log()
        return done


def _everything(sql: sqlite3.Connection, device_id: str, now: float) -> int:
    questions = sql.execute("SELECT question_id FROM questions WHERE device_id = ?", (device_id,)).fetchall()
    rows = remove_questions(sql, device_id, [row["question_id"] for row in questions], now)
    reports = sql.execute("SELECT id FROM reports WHERE device_id = ?", (device_id,)).fetchall()
    rows += remove_reports(sql, device_id, [row["id"] for row in reports], now)
    rows += sql.execute(
        "DELETE FROM turns WHERE session_id IN (SELECT id FROM sessions WHERE device_id = ?)", (device_id,)
    ).rowcount
    return rows + sql.execute("DELETE FROM sessions WHERE device_id = ?", (device_id,)).rowcount


def _listed(sql: sqlite3.Connection, device_id: str, erasure: Erasure, now: float) -> None:
    sql.executemany(
        "DELETE FROM turns WHERE session_id = (SELECT id FROM sessions WHERE id = ? AND device_id = ?)"
        " AND turn_id = ?",
        [(session_id, device_id, turn_id) for session_id, turn_id in erasure.turns],
    )
    came_with = [_question_of(sql, device_id, report_id) for report_id in erasure.reports]
    remove_questions(sql, device_id, [*erasure.questions, *filter(None, came_with)], now)
    remove_reports(sql, device_id, erasure.reports, now)


def _question_of(sql: sqlite3.Connection, device_id: str, report_id: str) -> str:
    row = sql.execute(
        "SELECT question_id FROM reports WHERE device_id = ? AND id = ?", (device_id, report_id)
    ).fetchone()
    return row["question_id"] if row else ""
