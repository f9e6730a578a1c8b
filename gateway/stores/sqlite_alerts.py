"""Alerts in SQLite: which of them an operator has seen."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

from device.link.native import Report
from gateway.bodies import Alert
from gateway.stores.database import Database
from gateway.stores.ports import KeptAlert, Taken
from gateway.stores.sqlite_reports import came_before, keep

MOST_SHOWN = 1000


class SqliteAlerts:
    """The `Alerts` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def take(self, device_id: str, report: Report, alert: Alert) -> Taken:
        now = self._clock()

        def work(sql: sqlite3.Connection) -> Taken:
            if (before := came_before(sql, device_id, report)) is not None:
                return before
            keep(sql, device_id, report, {"category": alert.category, "at_utc": alert.at_utc}, now)
            sql.execute(
                "INSERT INTO alerts (device_id, report_id, category, at_utc, received_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (device_id, report.id, alert.category, alert.at_utc, now),
            )
            return Taken.NEW

        return await self._database.keep(work)

    async def newest(self, device_id: str | None, unseen: bool) -> list[KeptAlert]:
        rows = await self._database.run(
            lambda sql: sql.execute(
                "SELECT * FROM alerts WHERE (?1 IS NULL OR device_id = ?1) AND NOT (?2 AND seen_at NOT NULL)"
                " ORDER BY number DESC LIMIT ?3",
                (device_id, unseen, MOST_SHOWN),
            ).fetchall()
        )
        return [
            KeptAlert(
                number=row["number"],
                device_id=row["device_id"],
                category=row["category"],
                at_utc=row["at_utc"],
                received_at=row["received_at"],
                seen_at=row["seen_at"],
            )
            for row in rows
        ]

    async def seen(self, number: int) -> bool:
        now = self._clock()
        changed = await self._database.run(
            lambda sql: (
                sql.execute(
                    "UPDATE alerts SET seen_at = ifnull(seen_at, ?) WHERE number = ?", (now, number)
                ).rowcount
            )
        )
        return changed > 0
