"""Replies that were good before, under the questions that ask for them.

A question is looked up by its exact key, which costs the same whatever is kept, or by its terms with
a bound on the rows that are read: a full-text OR query would read everything that shares a common word.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from cache.database import empty_log, open_database
from cache.reply_rows import NewReply, ReplyRow, ReplyStats
from cache.reply_sounds import ReplySounds

MIGRATIONS = (
    """
    CREATE TABLE replies (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        reply TEXT NOT NULL,
        source TEXT NOT NULL CHECK (source IN ('pack', 'system_1', 'system_2', 'person')),
        verdict TEXT NOT NULL,
        character TEXT NOT NULL,
        made_s REAL NOT NULL,
        expires_s REAL,
        used_s REAL,
        uses INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE questions (
        id INTEGER PRIMARY KEY,
        reply_id INTEGER NOT NULL REFERENCES replies (id),
        language TEXT NOT NULL,
        key TEXT NOT NULL,
        asked TEXT NOT NULL,
        terms TEXT NOT NULL
    );
    CREATE INDEX questions_by_key ON questions (language, key);
    CREATE INDEX questions_by_reply ON questions (reply_id);
    CREATE TABLE terms (
        term TEXT NOT NULL,
        question_id INTEGER NOT NULL,
        PRIMARY KEY (term, question_id)
    ) WITHOUT ROWID;
    CREATE TABLE sounds (
        reply_id INTEGER NOT NULL,
        voice TEXT NOT NULL,
        number INTEGER NOT NULL,
        text TEXT NOT NULL,
        rate_hz INTEGER NOT NULL,
        pcm BLOB NOT NULL,
        PRIMARY KEY (reply_id, voice, number)
    );
    CREATE TABLE notes (
        name TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) WITHOUT ROWID
    """,
)

LEARNED = ("system_1", "system_2")
CHECKED_BYTES = 32 << 20
"""A larger file is not read through when it is opened: that takes seconds, and its loss costs little."""
MOST_TERMS = 48
MOST_PER_TERM = 64
"""Rows of the index that are read for one term; a term with more of them says little."""
MOST_CANDIDATES = 24
"""Questions that are read whole, and judged by who asked for them."""
_DAY_S = 86_400.0

_COLUMNS = (
    "replies.id, questions.language, questions.asked, questions.key, replies.reply, replies.source,"
    " replies.verdict, replies.character, replies.made_s, replies.expires_s, replies.used_s, replies.uses"
)
_BOTH = "questions JOIN replies ON replies.id = questions.reply_id"
_USABLE = (
    "replies.character IN ('', :character) AND (replies.expires_s IS NULL OR replies.expires_s > :now_s)"
)
_WORTH = "(1.0 + uses) / (1.0 + max(0.0, :now_s - coalesce(used_s, made_s)) / :day_s)"


class ReplyStore:
    """The kept replies of one device. Belongs to the one thread that made it.

    Every method raises sqlite3.Error. The last changes may be lost in a power cut (`synchronous`
    NORMAL): nothing here is worth waiting for the disk.
    """

    def __init__(self, file: Path) -> None:
        """Raises OSError or sqlite3.Error."""
        self._database = open_database(file, MIGRATIONS, "NORMAL", check_up_to_bytes=CHECKED_BYTES)
        self.sounds = ReplySounds(self._database)
        self.rows_read = 0
        """Rows of the index that the last `near` has read: the work that is bounded."""

    # --- asking ----------------------------------------------------------------------------------

    def exact(self, language: str, key: str, character: str, now_s: float) -> ReplyRow | None:
        """The reply for this key; one made for the character before one for everyone, the newest first."""
        found = self._database.execute(
            f"SELECT {_COLUMNS} FROM {_BOTH} WHERE questions.language = :language AND questions.key = :key"
            f" AND {_USABLE} ORDER BY replies.character <> '' DESC, questions.id DESC LIMIT 1",
            {"language": language, "key": key, "character": character, "now_s": now_s},
        ).fetchone()
        return None if found is None else ReplyRow(*found)

    def near(self, language: str, terms: Sequence[str], character: str, now_s: float) -> list[ReplyRow]:
        """Questions that share terms with these, the rarest first; `MOST_CANDIDATES` of them.

        Reads at most `MOST_PER_TERM` rows for each of the first `MOST_TERMS` terms.
        """
        rows = []
        for question_id in self._sharing(terms):
            found = self._database.execute(
                f"SELECT {_COLUMNS} FROM {_BOTH} WHERE questions.id = :id"
                f" AND questions.language = :language AND {_USABLE}",
                {"id": question_id, "language": language, "character": character, "now_s": now_s},
            ).fetchone()
            if found is not None:
                rows.append(ReplyRow(*found))
        return rows

    def _sharing(self, terms: Sequence[str]) -> list[int]:
        weights: defaultdict[int, float] = defaultdict(float)
        self.rows_read = 0
        for term in dict.fromkeys(terms[:MOST_TERMS]):
            found = self._database.execute(
                "SELECT question_id FROM terms WHERE term = ? ORDER BY question_id LIMIT ?",
                (term, MOST_PER_TERM),
            ).fetchall()
            self.rows_read += len(found)
            weight = math.log(1 + MOST_PER_TERM / max(1, len(found)))
            for (question_id,) in found:
                weights[question_id] += weight
        return sorted(weights, key=lambda question_id: -weights[question_id])[:MOST_CANDIDATES]

    # --- keeping ---------------------------------------------------------------------------------

    def put(self, new: NewReply, now_s: float) -> int:
        """Keep it; a wording that asked for another reply of that character asks for this one now."""
        with self._transaction():
            return self._put(new, now_s)

    def put_all(self, replies: Iterable[NewReply], now_s: float) -> list[int]:
        """As `put`, all of them or none."""
        with self._transaction():
            return [self._put(new, now_s) for new in replies]

    def _put(self, new: NewReply, now_s: float) -> int:
        cursor = self._database.execute(
            "INSERT INTO replies (reply, source, verdict, character, made_s, expires_s)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (new.reply, new.source, new.verdict, new.character, now_s, new.expires_s),
        )
        reply_id = int(cursor.lastrowid or 0)
        for wording in new.wordings:
            self._give_way(new.language, wording.key, new.character)
            terms = tuple(dict.fromkeys(wording.terms))
            question_id = self._database.execute(
                "INSERT INTO questions (reply_id, language, key, asked, terms) VALUES (?, ?, ?, ?, ?)",
                (reply_id, new.language, wording.key, wording.asked, " ".join(terms)),
            ).lastrowid
            self._index(int(question_id or 0), terms)
        return reply_id

    def _give_way(self, language: str, key: str, character: str) -> None:
        """Remove the question that has this key, and its reply if nothing else asks for that."""
        before = self._database.execute(
            f"SELECT questions.id, reply_id FROM {_BOTH}"
            " WHERE language = ? AND key = ? AND replies.character = ?",
            (language, key, character),
        ).fetchall()
        for question_id, reply_id in before:
            self._remove_question(question_id)
            (left,) = self._database.execute(
                "SELECT count(*) FROM questions WHERE reply_id = ?", (reply_id,)
            ).fetchone()
            if not left:
                self._remove(reply_id)

    def _index(self, question_id: int, terms: Iterable[str]) -> None:
        self._database.executemany(
            "INSERT OR IGNORE INTO terms (term, question_id) VALUES (?, ?)",
            [(term, question_id) for term in terms],
        )

    def used(self, reply_id: int, now_s: float) -> None:
        """It was spoken."""
        with self._transaction():
            self._database.execute(
                "UPDATE replies SET uses = uses + 1, used_s = ? WHERE id = ?", (now_s, reply_id)
            )

    def note(self, name: str) -> str:
        """What was noted under this name, such as which pack was read; "" for nothing."""
        found = self._database.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return "" if found is None else str(found[0])

    def set_note(self, name: str, value: str) -> None:
        with self._transaction():
            self._set_note(name, value)

    def _set_note(self, name: str, value: str) -> None:
        self._database.execute("INSERT OR REPLACE INTO notes (name, value) VALUES (?, ?)", (name, value))

    # --- the index, when the words that it is made of have changed ---------------------------------

    def wordings(self, after_id: int, most: int) -> list[tuple[int, str, str]]:
        """Questions as (id, language, as it was asked), in order of their ids."""
        return self._database.execute(
            "SELECT id, language, asked FROM questions WHERE id > ? ORDER BY id LIMIT ?", (after_id, most)
        ).fetchall()

    def reindex(self, indexed: Iterable[tuple[int, str, Sequence[str]]]) -> None:
        """Give questions (id, key, terms) anew."""
        with self._transaction():
            for question_id, key, terms in indexed:
                self._remove_terms(question_id)
                self._database.execute(
                    "UPDATE questions SET key = ?, terms = ? WHERE id = ?",
                    (key, " ".join(terms), question_id),
                )
                self._index(question_id, terms)

    # --- looking through --------------------------------------------------------------------------

    def all(self, source: str = "", most: int = -1) -> list[ReplyRow]:
        """Replies, the newest first, each with its first wording; of one source, if it is named."""
        return self._rows("(:source = '' OR replies.source = :source)", {"source": source}, most)

    def search(self, text: str, most: int = -1) -> list[ReplyRow]:
        """Replies that have this text in themselves or in a wording, in any case."""
        return self._rows(
            "(instr(lower(replies.reply), lower(:text)) OR EXISTS (SELECT 1 FROM questions AS any_wording"
            " WHERE any_wording.reply_id = replies.id AND instr(lower(any_wording.asked), lower(:text))))",
            {"text": text},
            most,
        )

    def get(self, reply_id: int) -> ReplyRow | None:
        found = self._rows("replies.id = :reply_id", {"reply_id": reply_id}, 1)
        return found[0] if found else None

    def asked(self, reply_id: int) -> list[str]:
        """Every wording that asks for it."""
        found = self._database.execute(
            "SELECT asked FROM questions WHERE reply_id = ? ORDER BY id", (reply_id,)
        )
        return [str(asked) for (asked,) in found]

    def _rows(self, where: str, named: dict[str, object], most: int) -> list[ReplyRow]:
        found = self._database.execute(
            f"SELECT {_COLUMNS} FROM {_BOTH} WHERE {where} AND questions.id ="
            " (SELECT min(id) FROM questions AS first WHERE first.reply_id = replies.id)"
            " ORDER BY replies.id DESC LIMIT :most",
            {**named, "most": most},
        )
        return [ReplyRow(*row) for row in found]

    def stats(self) -> ReplyStats:
        """Counts everything: for a person who asks, not for a turn."""
        by_source = self._database.execute("SELECT source, count(*) FROM replies GROUP BY source")
        (questions,) = self._database.execute("SELECT count(*) FROM questions").fetchone()
        return ReplyStats(
            {str(source): int(count) for source, count in by_source},
            int(questions),
            self.sounds.counts(),
            self.sounds.size_bytes(),
            self.bytes_used(),
        )

    def bytes_used(self) -> int:
        """Pages that hold something, times their size."""
        (pages,), (free,), (size,) = (
            self._database.execute(f"PRAGMA {name}").fetchone()
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    # --- letting go -------------------------------------------------------------------------------

    def remove(self, reply_ids: Iterable[int]) -> int:
        """Erase replies with their questions and sounds; how many there were."""
        with self._transaction():
            removed = sum(self._remove(reply_id) for reply_id in reply_ids)
        empty_log(self._database)
        return removed

    def replace_source(self, source: str, replies: Iterable[NewReply], now_s: float, version: str) -> None:
        """Keep these as all that there is of one source, and its `version` as the note of its name.

        On a disk that is full, all is as it was before.
        """
        with self._transaction():
            for row in self.all(source):
                self._remove(row.reply_id)
            for new in replies:
                self._put(new, now_s)
            self._set_note(source, version)
        empty_log(self._database)

    def remove_expired(self, now_s: float) -> int:
        """Erase the replies that are no longer good."""
        found = self._database.execute("SELECT id FROM replies WHERE expires_s <= ?", (now_s,)).fetchall()
        return self.remove(reply_id for (reply_id,) in found) if found else 0

    def forget_since(self, since_s: float | None) -> int:
        """Erase what was learned since then (None: ever), and when the rest was used since then.

        Returns how many replies are gone.
        """
        since = -math.inf if since_s is None else since_s
        found = self._database.execute(
            "SELECT id FROM replies WHERE source IN (?, ?) AND made_s >= ?", (*LEARNED, since)
        ).fetchall()
        with self._transaction():
            self._database.execute("UPDATE replies SET used_s = NULL, uses = 0 WHERE used_s >= ?", (since,))
        return self.remove(reply_id for (reply_id,) in found)

    def evict(self, most_bytes: int, now_s: float) -> int:
        """Where more than this is used, erase replies until a tenth of it is free; how many went.

        What was used least and longest ago goes first; what ships and what a person wrote goes last.
        """
        removed = 0
        while self.bytes_used() > most_bytes and (going := self._least_worth(most_bytes, now_s)):
            removed += self.remove(going)
        return removed

    def _least_worth(self, most_bytes: int, now_s: float) -> list[int]:
        excess = self.bytes_used() - most_bytes * 9 // 10
        going = []
        for reply_id, size in self._by_worth(now_s):
            going.append(reply_id)
            excess -= size
            if excess <= 0:
                break
        return going

    def _by_worth(self, now_s: float) -> Iterator[tuple[int, int]]:
        """Replies with about how many bytes each takes, the least worth first."""
        yield from self._database.execute(
            "SELECT id, 2 * length(reply)"
            " + coalesce((SELECT sum(length(pcm)) FROM sounds WHERE reply_id = replies.id), 0)"
            " + (SELECT sum(4 * length(terms)) FROM questions WHERE reply_id = replies.id)"
            f" FROM replies ORDER BY source NOT IN ('system_1', 'system_2'), {_WORTH}, id",
            {"now_s": now_s, "day_s": _DAY_S},
        ).fetchall()

    def _remove(self, reply_id: int) -> bool:
        found = self._database.execute("SELECT id FROM questions WHERE reply_id = ?", (reply_id,)).fetchall()
        for (question_id,) in found:
            self._remove_question(question_id)
        self.sounds.remove(reply_id)
        return self._database.execute("DELETE FROM replies WHERE id = ?", (reply_id,)).rowcount > 0

    def _remove_question(self, question_id: int) -> None:
        self._remove_terms(question_id)
        self._database.execute("DELETE FROM questions WHERE id = ?", (question_id,))

    def _remove_terms(self, question_id: int) -> None:
        found = self._database.execute("SELECT terms FROM questions WHERE id = ?", (question_id,)).fetchone()
        self._database.executemany(
            "DELETE FROM terms WHERE term = ? AND question_id = ?",
            [(term, question_id) for term in str(found[0]).split()],
        )

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
