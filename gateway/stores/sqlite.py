"""All stores on one SQLite file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.stores.database import Database
from gateway.stores.ports import Stores
from gateway.stores.sqlite_alerts import SqliteAlerts
from gateway.stores.sqlite_devices import SqliteDevices
from gateway.stores.sqlite_erasure import SqliteErasing
from gateway.stores.sqlite_questions import SqliteQuestions
from gateway.stores.sqlite_reports import SqliteReports, SqliteUses
from gateway.stores.sqlite_sessions import SqliteSessions


@asynccontextmanager
async def open_stores(file: Path) -> AsyncIterator[Stores]:
    """The stores of a file, which is made where it is missing. Raises StoreError."""
    database = Database(file)
    await database.open()
    try:
        yield Stores(
            devices=SqliteDevices(database),
            sessions=SqliteSessions(database),
            reports=SqliteReports(database),
            alerts=SqliteAlerts(database),
            questions=SqliteQuestions(database),
            erasing=SqliteErasing(database),
            uses=SqliteUses(database),
        )
    finally:
        await database.close()
