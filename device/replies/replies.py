"""The replies that were good before: looked up, learned and forgotten, by threads that may hang.

Two threads with a connection each, so that a lookup never waits behind a change. A disk that hangs or
fails costs the cache, never the turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from cache.database import is_damage
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, SoundRow
from device.brain.learning import Learning, Refusal
from device.brain.recall.matcher import Matcher
from device.config import Character
from device.config import Replies as Limits
from device.contracts import Audio, KeptReply, Mind, Spoken
from device.errors import StageError, StageTimeout, TwomindsError
from device.jobs import Worker
from device.record import TurnRecord
from device.replies.files import ALLOWED
from device.replies.lessons import Lesson, lesson

log = logging.getLogger(__name__)

LOOKUP_S: Final = 0.1
"""Longer is no lookup waited for; until it has ended, nothing is looked up at all."""
OPEN_S: Final = 300.0
"""A new release may have to index everything anew."""
DISK_S: Final = 10.0
"""How long an end or an erasure waits for the disk."""
INDEXED_AT_ONCE: Final = 500
MOST_WAITING: Final = 32
"""Changes that wait for a slow disk; further ones are lost."""
SOUND_SHARE: Final = 0.75
"""Of the room on disk: what may be rendered, so that there is always some for words."""
LEAST_FREE_BYTES: Final = 100_000_000
"""Where the disk has less room than this, no more sound is kept: timers and promises need it."""
DAY_S: Final = 86_400.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pack:
    """What ships."""

    fingerprint: str = ""
    """Another whenever the pack, or how it is kept, has changed."""
    replies: Callable[[], Sequence[NewReply]] = tuple
    """Called by a thread, where it is not in the cache yet."""


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Where the replies lie. Called in threads; each may raise OSError, the first two sqlite3.Error."""

    make_store: Callable[[], ReplyStore]
    set_aside: Callable[[], None] = lambda: None
    """With no store open, after the file turned out damaged in use: then a new one is begun."""
    free_bytes: Callable[[], int] = lambda: sys.maxsize
    """Room that is left on the disk."""


@dataclass(frozen=True, slots=True)
class Learner:
    """What may be learned; only where a person has agreed (`consent.learning`)."""

    rules: Learning
    openings: Sequence[str] = ()
    """See `lessons.lesson`."""


@dataclass(frozen=True, slots=True)
class Whose:
    """For whom replies are kept: other settings, other replies."""

    language: str
    character: str
    voice: str
    """See `KeptVoice.voice`."""


def character_key(character: Character) -> str:
    """A character's name, and what else makes its replies its own."""
    made_of = f"{character.persona}\0{character.safety}"
    return f"{character.name}:{hashlib.sha256(made_of.encode()).hexdigest()[:8]}"


@dataclass(slots=True)
class _Disk:
    """Whether it works, told once when that changes."""

    works: bool = True

    def note(self, error: BaseException | None) -> None:
        before, self.works = self.works, error is None
        if before and error is not None:
            known = isinstance(error, OSError | sqlite3.Error | TwomindsError)
            log.error("replies: the cache does not work: %s", error, exc_info=None if known else error)
        elif self.works and not before:
            log.info("replies: the cache works again")


class Replies:
    """Implements `ports.Recall`. Event loop only; nothing that it does can fail a turn."""

    def __init__(
        self,
        disk: OnDisk,
        matcher: Matcher,
        whose: Whose,
        limits: Limits,
        lived: Callable[[], float],
        pack: Pack,
        learner: Learner | None = None,
        lookup_s: float = LOOKUP_S,
    ) -> None:
        """`lived` (lived seconds) is called in the event loop only. A lookup is given `lookup_s`.

        Without a `learner` nothing is learned, and nothing is written about what was asked.
        """
        self.refused: Counter[Refusal] = Counter()
        """Why turns were not learned from, since the start."""
        self.is_open = False
        self.changed = asyncio.Event()
        """Set when there is something to render."""
        self._matcher = matcher
        self._whose = whose
        self._limits = limits
        self._lived = lived
        self._pack = pack
        self._learner = learner
        self._lookup_s = lookup_s
        self._on_disk = disk
        self._reader = Worker("cache of replies", disk.make_store)
        self._writer = Worker("cache of replies, changes", disk.make_store)
        self._reading, self._writing = _Disk(), _Disk()
        self._damaged = False
        self._looking = False
        self._waiting = 0
        self._given: tuple[str, int] | None = None
        """The words that were last answered from here, and the reply's id."""

    async def open(self) -> bool:
        """Bring it up to date: what ships, what expired, whose voice. False: it failed, and was told.

        Nothing is found before. To be called again when it failed.
        """
        if not self.is_open:
            with contextlib.suppress(OSError, sqlite3.Error, TwomindsError):  # told
                await self._mend()
                now_s = self._lived()
                await self._change(lambda store: self._bring_up_to_date(store, now_s), OPEN_S)
                self.is_open = await self._look(lambda store: True, OPEN_S) or False
        return self.is_open

    async def _mend(self) -> None:
        """Let both threads free the file, and set it aside, where it turned out damaged in use."""
        if not self._damaged:
            return
        await self.close()
        try:
            await asyncio.to_thread(self._on_disk.set_aside)
        except (OSError, sqlite3.Error) as error:
            self._note(self._writing, error)
            raise
        self._damaged = False

    def _note(self, disk: _Disk, error: BaseException | None) -> None:
        """A damaged file is good for nothing more: whoever waits for `changed` opens a new one."""
        disk.note(error)
        if error is not None and is_damage(error):
            self._damaged = True
            if self.is_open:
                self.is_open = False
                self.changed.set()

    # --- ports.Recall ----------------------------------------------------------------------------

    async def recall(self, text: str, language: str) -> KeptReply | None:
        """See `ports.Recall`."""
        if not (self.is_open and self._limits.use):
            return None
        now_s = self._lived()
        found = await self._look(lambda store: self._found(store, text, language, now_s), self._lookup_s)
        self._given = (text, found.reply_id) if found else None
        return found

    def _found(self, store: ReplyStore, text: str, language: str, now_s: float) -> KeptReply | None:
        found = self._matcher.best(text, language, self._whose.character, now_s, store)
        if found is None:
            return None
        row, confidence = found
        clauses = store.sounds.get(row.reply_id, self._whose.voice)
        spoken = tuple(Spoken(clause.text, Audio(clause.pcm, clause.rate_hz)) for clause in clauses)
        return KeptReply(row.reply_id, row.reply, confidence, row.source, spoken)

    async def _look(self, call: Callable[[ReplyStore], T], most_s: float) -> T | None:
        """What it finds; None where it fails or takes too long, or an earlier look still does."""
        if self._looking:
            return None
        try:
            job = self._reader.submit(lambda store, stop: call(store))
            self._looking = True
            job.when_ended(self._looked)
            if not await job.ends_within(most_s):
                raise StageTimeout(self._reader.name, most_s)
            found = await job.result(0)
        except Exception as error:  # noqa: BLE001 - whatever failed, the turn goes on without
            self._note(self._reading, error)
            return None
        self._note(self._reading, None)
        return found

    def _looked(self) -> None:
        self._looking = False

    # --- what has been said ----------------------------------------------------------------------

    def learn(self, record: TurnRecord) -> None:
        """Learn from a turn that has ended, if it may be, and count what was spoken from here. At once."""
        learner, now_s = self._learner, self._lived()
        if learner is None or not self._limits.use:
            self.refused[Refusal.NO_CONSENT] += 1
        elif record.route and record.route.mind is Mind.CACHE:
            self._count(record, now_s)
        else:
            self._later(lambda store: self._learn_from(store, record, learner, now_s))

    def _count(self, record: TurnRecord, now_s: float) -> None:
        """That it was used, if that was answered from here which was asked here."""
        text, reply_id = self._given or ("", 0)
        if record.spoken and record.heard == text:
            self._later(lambda store: store.used(reply_id, now_s))

    def _learn_from(self, store: ReplyStore, record: TurnRecord, learner: Learner, now_s: float) -> bool:
        """Whether something was. In the thread: a long answer takes some milliseconds to judge."""
        found = lesson(record, learner.rules, learner.openings)
        if not isinstance(found, Lesson):
            self.refused[found] += 1
            return False
        language, character = self._whose.language, self._whose.character
        wording = self._matcher.wording(found.question, language)
        if wording is None:
            return False
        until_s = now_s + self._limits.learned_days * DAY_S
        source = Mind.SYSTEM_2.value
        new = NewReply(language, (wording,), found.answer, source, ALLOWED, character, until_s)
        store.put(new, now_s)
        store.evict(self._most_bytes, now_s)
        return True

    def _later(self, change: Callable[[ReplyStore], bool | None]) -> None:
        """Returns at once; after those before it. `change` tells whether there is something to render.

        Lost while a damaged file waits for being set aside.
        """
        if self._damaged:
            return
        if self._waiting >= MOST_WAITING:
            self._note(self._writing, StageTimeout(self._writer.name, DISK_S))
            return
        errors: list[BaseException] = []
        news: list[bool | None] = []
        try:
            job = self._writer.submit(lambda store, stop: news.append(change(store)))
        except StageError as error:
            self._note(self._writing, error)
            return
        self._waiting += 1
        job.on_error(errors.append)
        job.when_ended(lambda: self._ended(errors, news))

    def _ended(self, errors: Sequence[BaseException], news: Sequence[bool | None]) -> None:
        self._waiting -= 1
        self._note(self._writing, errors[0] if errors else None)
        if any(news):
            self.changed.set()

    # --- letting go ------------------------------------------------------------------------------

    async def forget(self, since_s: float | None) -> int:
        """Erase what was learned since then (lived seconds; None: ever); how many replies.

        Raises OSError, sqlite3.Error or StageError while not all of it is gone; asked again, it goes on.
        """
        self._given = None
        return await self._change(lambda store: store.forget_since(since_s))

    async def tidy(self) -> None:
        """Remove what is no longer good. Never raises."""
        now_s = self._lived()
        with contextlib.suppress(OSError, sqlite3.Error, TwomindsError):  # told
            await self._change(lambda store: store.remove_expired(now_s))

    def _bring_up_to_date(self, store: ReplyStore, now_s: float) -> None:
        if self._learner is None:
            store.forget_since(None)
        self._index_anew(store)
        store.remove_expired(now_s)
        store.sounds.keep_only(self._whose.voice)
        if store.note("pack") != self._pack.fingerprint:
            store.replace_source("pack", self._pack.replies(), now_s, self._pack.fingerprint)
        store.evict(self._most_bytes, now_s)

    def _index_anew(self, store: ReplyStore) -> None:
        """By the matcher's rules, where they have changed since the index was made."""
        language, last_id = self._whose.language, 0
        note, rules = f"index {language}", self._matcher.fingerprint(language)
        if store.note(note) == rules:
            return
        while questions := store.wordings(last_id, INDEXED_AT_ONCE):
            asked = {question_id: asked for question_id, of, asked in questions if of == language}
            anew = {question_id: self._matcher.wording(text, language) for question_id, text in asked.items()}
            store.reindex((question_id, one.key, one.terms) for question_id, one in anew.items() if one)
            last_id = questions[-1][0]
        store.set_note(note, rules)

    async def _change(self, change: Callable[[ReplyStore], T], most_s: float = DISK_S) -> T:
        """Raises what it raises, StageTimeout, and StageError until a damaged file is set aside."""
        if self._damaged:
            raise StageError("The cache of replies is damaged; it is begun anew.")
        try:
            changed = await self._writer.run(lambda store, stop: change(store), most_s)
        except (OSError, sqlite3.Error, TwomindsError) as error:
            self._note(self._writing, error)
            raise
        self._note(self._writing, None)
        return changed

    async def close(self) -> None:
        """What was learned is on disk, or the disk has had its time."""
        for worker in (self._writer, self._reader):
            try:
                await worker.run(lambda store, stop: store.close(), DISK_S)
            except (OSError, sqlite3.Error, TwomindsError) as error:
                self._note(self._writing, error)
            await worker.close()

    # --- sound -----------------------------------------------------------------------------------

    async def unrendered(self, most: int) -> list[tuple[int, str]]:
        """Replies without sound as (id, text), the most used first; none when there is no more room for it.

        Raises as `forget`.
        """
        return await self._change(
            lambda store: [] if self._full_of_sound(store) else store.sounds.missing(self._whose.voice, most)
        )

    async def keep_sound(self, reply_id: int, clauses: Sequence[Spoken]) -> None:
        """Raises as `forget`."""
        now_s = self._lived()
        rows = [SoundRow(clause.text, clause.audio.rate_hz, clause.audio.pcm) for clause in clauses]

        def keep(store: ReplyStore) -> None:
            store.sounds.put(reply_id, self._whose.voice, rows)
            store.evict(self._most_bytes, now_s)

        await self._change(keep)

    def _full_of_sound(self, store: ReplyStore) -> bool:
        room_taken = store.sounds.size_bytes() >= SOUND_SHARE * self._most_bytes
        return room_taken or self._on_disk.free_bytes() < LEAST_FREE_BYTES

    @property
    def _most_bytes(self) -> int:
        return self._limits.most_mb * 1_000_000
