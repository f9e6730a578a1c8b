"""The store of replies as tables for people who look into it. Reads only, beside whoever uses the store."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlite_utils import Database

from cache.database import BUSY_S

_REPLIES: Final = """
    SELECT id, reply, source, verdict, character, made_s, expires_s, used_s, uses,
        (SELECT language FROM questions WHERE reply_id = replies.id) AS language,
        (SELECT json_group_array(asked) FROM
            (SELECT asked FROM questions WHERE reply_id = replies.id ORDER BY id)) AS questions,
        (SELECT count(DISTINCT voice) FROM sounds WHERE reply_id = replies.id) AS voices
    FROM replies
    WHERE (:source = '' OR source = :source) AND (:id IS NULL OR id = :id)
    ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A reply with every wording that asks for it."""

    reply_id: int
    language: str
    questions: tuple[str, ...]
    reply: str
    source: str
    verdict: str
    character: str
    made_s: float
    """Lived seconds, as all times here."""
    expires_s: float | None
    used_s: float | None
    uses: int
    voices: int
    """So many voices have it ready as sound."""


class ReplyTables:
    """A connection that cannot change anything. Every method raises sqlite3.Error."""

    def __init__(self, file: Path) -> None:
        """Raises sqlite3.OperationalError where there is no such file."""
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
        self._database = Database(connection, execute_plugins=False)

    def replies(self, source: str = "", reply_id: int | None = None) -> Iterator[KeptRow]:
        """The replies, the oldest first; of one source, or one of them."""
        for row in self._database.query(_REPLIES, {"source": source, "id": reply_id}):
            yield _kept(row)

    def close(self) -> None:
        self._database.close()


def _kept(row: dict[str, Any]) -> KeptRow:
    questions = tuple(json.loads(row.pop("questions")))
    return KeptRow(reply_id=row.pop("id"), questions=questions, **row)
