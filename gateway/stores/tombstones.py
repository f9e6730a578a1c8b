"""Ids of what was removed, without its content: what comes again under one of them counts no second time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Literal

Kind = Literal["report", "question"]


def bury(sql: sqlite3.Connection, device_id: str, kind: Kind, ids: Iterable[str], now: float) -> None:
    """These ids count no more, whether they have come yet or not."""
    sql.executemany(
        "INSERT OR IGNORE INTO tombstones VALUES (?, ?, ?, ?)", [(device_id, kind, one, now) for one in ids]
    )


def buried(sql: sqlite3.Connection, device_id: str, kind: Kind, one: str) -> bool:
    found = sql.execute(
        "SELECT 1 FROM tombstones WHERE device_id = ? AND kind = ? AND id = ?", (device_id, kind, one)
    )
    return found.fetchone() is not None


def remove_reports(sql: sqlite3.Connection, device_id: str, ids: Iterable[str], now: float) -> int:
    """Delete reports, and the alerts that they were; how many rows those were."""
    ids = list(ids)
    bury(sql, device_id, "report", ids, now)
    return sql.executemany(
        "DELETE FROM reports WHERE device_id = ? AND id = ?", [(device_id, one) for one in ids]
    ).rowcount


def remove_questions(sql: sqlite3.Connection, device_id: str, ids: Iterable[str], now: float) -> int:
    """Delete questions, their answers and the reports that they came with; how many rows those were."""
    rows = 0
    ids = list(ids)
    bury(sql, device_id, "question", ids, now)
    for one in ids:
        of_it = sql.execute(
            "SELECT id FROM reports WHERE device_id = ? AND question_id = ?", (device_id, one)
        ).fetchall()
        rows += remove_reports(sql, device_id, [row["id"] for row in of_it], now)
        rows += sql.execute(
            "DELETE FROM questions WHERE device_id = ? AND question_id = ?", (device_id, one)
        ).rowcount
    return rows
