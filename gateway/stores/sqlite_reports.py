"""What devices told, and how often they did something, in SQLite."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable

import msgspec

from device.link.native import Report
from gateway.stores.database import Database
from gateway.stores.ports import KeptReport

MOST_SHOWN = 100
WINDOW_S = 60


class SqliteReports:
    """The `Reports` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def take(self, device_id: str, report: Report) -> bool:
        now, body = self._clock(), msgspec.json.encode(report.body).decode()

        def work(sql: sqlite3.Connection) -> bool:
            new = (
                sql.execute(
                    "INSERT OR IGNORE INTO reports VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (device_id, report.id, report.op, report.seq, report.ts, report.offline, body, now),
                ).rowcount
                > 0
            )
            if new and report.op == "telemetry":  # the newest counts; of the others only that they came
                sql.execute(
                    "UPDATE reports SET body = '{}' WHERE device_id = ? AND op = 'telemetry' AND seq < ?",
                    (device_id, report.seq),
                )
            return new

        return await self._database.run(work)

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
