"""Promised questions in SQLite: from a device's asking to its having the answer."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

import msgspec

from device.link.native import DeviceInfo, Report
from gateway.bodies import PromisedQuestion, lasts_until
from gateway.stores.database import Database
from gateway.stores.ports import OpenQuestion, ReadyAnswer, Taken
from gateway.stores.sqlite_reports import came_before, keep
from gateway.stores.tombstones import buried, remove_questions


class SqliteQuestions:
    """The `Questions` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def take(
        self, asker: DeviceInfo, report: Report, question: PromisedQuestion, most_open: int, longest_s: float
    ) -> Taken:
        now, question_id = self._clock(), question.question_id
        until = lasts_until(question.expires_utc, now, longest_s)

        def work(sql: sqlite3.Connection) -> Taken:
            if (before := came_before(sql, asker.id, report)) is not None:
                return before
            if _known(sql, asker.id, question_id):
                return Taken.AGAIN
            if _open(sql, asker.id) >= most_open:
                return Taken.FULL
            keep(sql, asker.id, report, {}, now, question_id)
            sql.execute(
                "INSERT INTO questions (device_id, question_id, asker, text, asked_at, expires_at, due_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    asker.id,
                    question_id,
                    msgspec.json.encode(asker).decode(),
                    question.text,
                    now,
                    until,
                    now,
                ),
            )
            return Taken.NEW

        return await self._database.keep(work)

    async def claim(self, lease_s: float) -> OpenQuestion | None:
        now = self._clock()
        row = await self._database.run(
            lambda sql: sql.execute(
                "UPDATE questions SET due_at = ?, tries = tries + 1 WHERE number ="
                " (SELECT number FROM questions WHERE answer IS NULL AND due_at <= ? AND expires_at > ?"
                " AND device_id NOT IN (SELECT id FROM devices WHERE revoked)"
                " ORDER BY due_at LIMIT 1) RETURNING *",
                (now + lease_s, now, now),
            ).fetchone()
        )
        if row is None:
            return None
        asker = msgspec.json.decode(row["asker"], type=DeviceInfo)
        return OpenQuestion(row["number"], asker, row["text"], row["asked_at"], row["tries"])

    async def answered(self, number: int, text: str) -> bool:
        changed = await self._database.run(
            lambda sql: (
                sql.execute(
                    "UPDATE questions SET answer = ?, text = '', asker = ''"
                    " WHERE number = ? AND answer IS NULL",
                    (text, number),
                ).rowcount
            )
        )
        return changed > 0

    async def put_off(self, number: int, wait_s: float) -> None:
        due = self._clock() + wait_s
        await self._database.run(
            lambda sql: sql.execute(
                "UPDATE questions SET due_at = ? WHERE number = ? AND answer IS NULL", (due, number)
            )
        )

    async def with_answers(self) -> set[str]:
        rows = await self._database.run(
            lambda sql: sql.execute(
                "SELECT DISTINCT device_id FROM questions WHERE answer IS NOT NULL"
            ).fetchall()
        )
        return {row["device_id"] for row in rows}

    async def next_answer(self, device_id: str) -> ReadyAnswer | None:
        now = self._clock()
        row = await self._database.run(
            lambda sql: sql.execute(
                "SELECT number, question_id, answer FROM questions"
                " WHERE device_id = ? AND answer IS NOT NULL AND expires_at > ? ORDER BY number LIMIT 1",
                (device_id, now),
            ).fetchone()
        )
        return ReadyAnswer(row["number"], row["question_id"], row["answer"]) if row else None

    async def over(self, number: int) -> None:
        await self._remove("number = ?", number)

    async def forget_expired(self) -> int:
        return await self._remove("expires_at <= ?", self._clock())

    async def _remove(self, which: str, value: float) -> int:
        """How many questions those were; the log is emptied after, or by `Erasing.finish`."""
        now = self._clock()

        def work(sql: sqlite3.Connection) -> int:
            rows = sql.execute(
                f"SELECT device_id, question_id FROM questions WHERE {which}", (value,)
            ).fetchall()
            for row in rows:
                remove_questions(sql, row["device_id"], [row["question_id"]], now)
            return len(rows)

        removed = await self._database.run(work)
        if removed:
            self._database.log_to_wipe = True
        return removed


def _known(sql: sqlite3.Connection, device_id: str, question_id: str) -> bool:
    there = sql.execute(
        "SELECT 1 FROM questions WHERE device_id = ? AND question_id = ?", (device_id, question_id)
    )
    return there.fetchone() is not None or buried(sql, device_id, "question", question_id)


def _open(sql: sqlite3.Connection, device_id: str) -> int:
    count: int = sql.execute("SELECT count(*) FROM questions WHERE device_id = ?", (device_id,)).fetchone()[0]
    return count
