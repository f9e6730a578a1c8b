"""Replies as ready sound, clause by clause, for the voices that have rendered them."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from cache.database import empty_log
from cache.reply_rows import SoundRow


class ReplySounds:
    """The table `sounds` of the store of replies; of the thread that made that. Raises sqlite3.Error."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def put(self, reply_id: int, voice: str, clauses: Sequence[SoundRow]) -> None:
        """Keep a reply's clauses in one voice, in place of those that were there.

        A reply that has been erased in the meantime gets none.
        """
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("DELETE FROM sounds WHERE reply_id = ? AND voice = ?", (reply_id, voice))
            self._database.executemany(
                "INSERT INTO sounds (reply_id, voice, number, text, rate_hz, pcm)"
                " SELECT id, ?, ?, ?, ?, ? FROM replies WHERE id = ?",
                [
                    (voice, number, clause.text, clause.rate_hz, clause.pcm, reply_id)
                    for number, clause in enumerate(clauses)
                ],
            )

    def get(self, reply_id: int, voice: str) -> tuple[SoundRow, ...]:
        """A reply's clauses in this voice; empty where it has not been rendered."""
        found = self._database.execute(
            "SELECT text, rate_hz, pcm FROM sounds WHERE reply_id = ? AND voice = ? ORDER BY number",
            (reply_id, voice),
        )
        return tuple(SoundRow(*row) for row in found)

    def missing(self, voice: str, most: int) -> list[tuple[int, str]]:
        """Replies that this voice has not rendered, as (id, text): the most used first, then the newest."""
        return self._database.execute(
            "SELECT id, reply FROM replies WHERE NOT EXISTS"
            " (SELECT 1 FROM sounds WHERE reply_id = replies.id AND voice = ?)"
            " ORDER BY uses DESC, id DESC LIMIT ?",
            (voice, most),
        ).fetchall()

    def keep_only(self, voice: str) -> int:
        """Erase what other voices have rendered; how many clauses."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            erased = self._database.execute("DELETE FROM sounds WHERE voice <> ?", (voice,)).rowcount
        if erased:
            empty_log(self._database)
        return erased

    def remove(self, reply_id: int) -> None:
        """Within the transaction of whoever removes the reply."""
        self._database.execute("DELETE FROM sounds WHERE reply_id = ?", (reply_id,))

    def counts(self) -> dict[str, int]:
        """How many replies are ready, by voice."""
        found = self._database.execute("SELECT voice, count(DISTINCT reply_id) FROM sounds GROUP BY voice")
        return {str(voice): int(count) for voice, count in found}

    def size_bytes(self) -> int:
        (size,) = self._database.execute("SELECT coalesce(sum(length(pcm)), 0) FROM sounds").fetchone()
        return int(size)
