"""Conversations in SQLite."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable

from device.contracts import Line, Who
from gateway.stores.database import Database
from gateway.stores.ports import PastTurn, Session

MOST_SESSIONS = 1000
MOST_TURNS = 200
"""As many of a conversation's newest turns are looked at for its history."""


class SqliteSessions:
    """The `Sessions` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def open(self, device_id: str, resume: str) -> str:
        now, new = self._clock(), secrets.token_urlsafe(16)

        def work(sql: sqlite3.Connection) -> str:
            owner = sql.execute("SELECT device_id FROM sessions WHERE id = ?", (resume,)).fetchone()
            session_id = resume if owner and owner["device_id"] == device_id else new
            _touch(sql, session_id, device_id, now)
            return session_id

        return await self._database.run(work)

    async def asked(self, session_id: str, device_id: str, turn_id: int, question: str) -> None:
        now = self._clock()

        def work(sql: sqlite3.Connection) -> None:
            _touch(sql, session_id, device_id, now)  # it may have been erased meanwhile
            sql.execute(
                "INSERT INTO turns (session_id, turn_id, asked_at, question) VALUES (?, ?, ?, ?)",
                (session_id, turn_id, now, question),
            )

        await self._database.run(work)

    async def said(self, session_id: str, turn_id: int, text: str, cut_off: bool, within_s: float) -> bool:
        since = self._clock() - within_s
        changed = await self._database.run(
            lambda sql: (
                sql.execute(
                    "UPDATE turns SET said = ?, cut_off = ? WHERE said IS NULL"
                    " AND asked_at >= ? AND kept ="
                    " (SELECT max(kept) FROM turns WHERE session_id = ? AND turn_id = ?)",
                    (text, cut_off, since, session_id, turn_id),
                ).rowcount
            )
        )
        return changed > 0

    async def history(self, session_id: str, longest_characters: int) -> tuple[Line, ...]:
        rows = await self._database.run(
            lambda sql: sql.execute(
                "SELECT question, said FROM turns WHERE session_id = ? ORDER BY kept DESC LIMIT ?",
                (session_id, MOST_TURNS),
            ).fetchall()
        )
        left, turns = longest_characters, []
        for row in rows:
            left -= len(row["question"]) + len(row["said"] or "")
            if left < 0:
                break
            turns.append(row)
        return tuple(line for row in reversed(turns) for line in _lines(row))

    async def all(self, device_id: str | None) -> list[Session]:
        rows = await self._database.run(
            lambda sql: sql.execute(
                "SELECT s.*, count(t.kept) AS turns FROM sessions s LEFT JOIN turns t ON t.session_id = s.id"
                " WHERE ?1 IS NULL OR s.device_id = ?1 GROUP BY s.id ORDER BY s.used_at DESC LIMIT ?2",
                (device_id, MOST_SESSIONS),
            ).fetchall()
        )
        return [
            Session(row["id"], row["device_id"], row["began_at"], row["used_at"], row["turns"])
            for row in rows
        ]

    async def turns(self, session_id: str) -> list[PastTurn] | None:
        def work(sql: sqlite3.Connection) -> list[sqlite3.Row] | None:
            if sql.execute("SELECT 1 FROM sessions WHERE id = ?", (session_id,)).fetchone() is None:
                return None
            return sql.execute(
                "SELECT * FROM turns WHERE session_id = ? ORDER BY kept", (session_id,)
            ).fetchall()

        rows = await self._database.run(work)
        if rows is None:
            return None
        return [
            PastTurn(row["turn_id"], row["asked_at"], row["question"], row["said"], bool(row["cut_off"]))
            for row in rows
        ]


def _touch(sql: sqlite3.Connection, session_id: str, device_id: str, now: float) -> None:
    sql.execute(
        "INSERT INTO sessions (id, device_id, began_at, used_at) VALUES (?1, ?2, ?3, ?3)"
        " ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at",
        (session_id, device_id, now),
    )


def _lines(row: sqlite3.Row) -> list[Line]:
    lines = [Line(Who.PERSON, row["question"])]
    return [*lines, Line(Who.DEVICE, row["said"])] if row["said"] else lines
