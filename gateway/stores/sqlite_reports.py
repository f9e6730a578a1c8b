"""What devices told, and how often they did something, in SQLite."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from device.link.native import Report, body_hash
from gateway.stores.database import Database
from gateway.stores.ports import KeptReport, Taken
from gateway.stores.tombstones import buried

MOST_SHOWN = 100
WINDOW_S = 60


class SqliteReports:
    """The `Reports` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def take(self, device_id: str, report: Report) -> Taken:
        now = self._clock()

        def work(sql: sqlite3.Connection) -> Taken:
            if (before := came_before(sql, device_id, report)) is not None:
                return before
            keep(sql, device_id, report, report.body, now)
            if report.op == "telemetry":  # the newest counts; of the others only that they came
                sql.execute(
                    "UPDATE reports SET body = '{}' WHERE device_id = ? AND op = 'telemetry' AND seq < ?",
                    (device_id, report.seq),
                )
            return Taken.NEW

        return await self._database.keep(work)

    async def newest(self, device_id: str) -> list[KeptReport]:
        rows = await self._database.run(
            lambda sql: sql.execute(
                "SELECT * FROM reports WHERE device_id = ? ORDER BY received_at DESC LIMIT ?",
                (device_id, MOST_SHOWN),
            ).fetchall()
        )
        return [
            KeptReport(
                id=row["id"],
                op=row["op"],
                seq=row["seq"],
                ts=row["ts"],
                offline=bool(row["offline"]),
                body=msgspec.json.decode(row["body"]),
                received_at=row["received_at"],
            )
            for row in rows
        ]


def came_before(sql: sqlite3.Connection, device_id: str, report: Report) -> Taken | None:
    """Under its id: AGAIN, or OTHER with another body; None: nothing did."""
    if buried(sql, device_id, "report", report.id):
        return Taken.AGAIN
    row = sql.execute(
        "SELECT hash FROM reports WHERE device_id = ? AND id = ?", (device_id, report.id)
    ).fetchone()
    if row is None:
        return None
    return Taken.AGAIN if row["hash"] in ("", body_hash(report.body)) else Taken.OTHER


def keep(
    sql: sqlite3.Connection,
    device_id: str,
    report: Report,
    body: Mapping[str, Any],
    now: float,
    question_id: str = "",
) -> None:
    """Its row, with so much of its body."""
    sql.execute(
        "INSERT INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            device_id,
            report.id,
            report.op,
            report.seq,
            report.ts,
            report.offline,
            msgspec.json.encode(body).decode(),
            now,
            body_hash(report.body),
            question_id,
        ),
    )


class SqliteUses:
    """The `Uses` store: a counter for each minute."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def use(self, device_id: str, what: str, per_minute: int) -> float:
        now = self._clock()
        minute = math.floor(now / WINDOW_S)
        row = await self._database.run(
            lambda sql: sql.execute(
                "INSERT INTO uses VALUES (?, ?, ?, 1) ON CONFLICT (device_id, what) DO UPDATE SET"
                " count = CASE WHEN minute = excluded.minute THEN count + 1 ELSE 1 END,"
                " minute = excluded.minute RETURNING count",
                (device_id, what, minute),
            ).fetchone()
        )
        return 0.0 if row["count"] <= per_minute else (minute + 1) * WINDOW_S - now
