"""The registry of devices in SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping

from gateway.stores.database import Database
from gateway.stores.ports import Device


class SqliteDevices:
    """The `Devices` store."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    async def find(self, device_id: str) -> Device | None:
        return await self._database.run(lambda sql: _find(sql, device_id))

    async def all(self) -> list[Device]:
        rows = await self._database.run(
            lambda sql: sql.execute("SELECT * FROM devices ORDER BY added_at, id").fetchall()
        )
        return [_device(row) for row in rows]

    async def add(self, device_id: str, public_key: str, name: str) -> Device:
        now = self._clock()

        def work(sql: sqlite3.Connection) -> Device:
            sql.execute(
                "INSERT INTO devices (id, public_key, name, added_at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (id) DO UPDATE SET name = excluded.name, revoked = 0",
                (device_id, public_key, name, now),
            )
            device = _find(sql, device_id)
            assert device is not None
            return device

        return await self._database.run(work)

    async def revoke(self, device_id: str) -> bool:
        return await self._database.run(
            lambda sql: sql.execute("UPDATE devices SET revoked = 1 WHERE id = ?", (device_id,)).rowcount > 0
        )

    async def connected(self, device_id: str, connection_id: str, agent: str) -> None:
        now = self._clock()
        await self._database.run(
            lambda sql: sql.execute(
                "UPDATE devices SET connection_id = ?, agent = ?, seen_at = ? WHERE id = ?",
                (connection_id, agent, now, device_id),
            )
        )

    async def outdated(self, connections: Mapping[str, str]) -> tuple[set[str], set[str]]:
        rows = await self._database.run(
            lambda sql: sql.execute("SELECT id, connection_id, revoked FROM devices").fetchall()
        )
        now = {row["id"]: row for row in rows}
        known = {one: now[device] for one, device in connections.items() if device in now}
        return (
            {one for one, row in known.items() if row["connection_id"] != one},
            {one for one, row in known.items() if row["revoked"]},
        )


def _find(sql: sqlite3.Connection, device_id: str) -> Device | None:
    row = sql.execute("SELECT * FROM devices WHERE id = ?", (device_id,)).fetchone()
    return _device(row) if row else None


def _device(row: sqlite3.Row) -> Device:
    return Device(
        id=row["id"],
        public_key=row["public_key"],
        name=row["name"],
        agent=row["agent"],
        revoked=bool(row["revoked"]),
        added_at=row["added_at"],
        seen_at=row["seen_at"],
    )
