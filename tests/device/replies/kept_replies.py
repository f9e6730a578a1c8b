"""A cache of replies over a real store, and what it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cache.database import set_aside_if_damaged
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, ReplyRow
from device.brain import learning
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.config import Replies as Limits
from device.contracts import Audio, Spoken
from device.record import TurnRecord
from device.replies.files import FILE
from device.replies.replies import Learner, OnDisk, Pack, Replies, Whose
from tests.device.replies.test_lessons import turn

MATCHER = Matcher({"en": load_lexicon("en")})
ENGLISH = learning.load("en")
ROBO = Whose("en", "Robo:1", "a voice")
SPOKEN = (
    Spoken("Air scatters blue light", Audio(b"\1\0" * 800, 16_000)),
    Spoken("more.", Audio(b"\2\0", 16_000)),
)


def kept(question: str, reply: str, source: str = "pack") -> NewReply:
    wording = MATCHER.wording(question, "en")
    assert wording is not None
    return NewReply("en", (wording,), reply, source, "allow")


PACK = Pack("1", lambda: [kept("who are you", "I am a robot.")])


@dataclass
class Lived:
    """Lived seconds, moved by hand."""

    now_s: float = 1e9

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Cache:
    """A cache in a folder, as one start of the device has it."""

    folder: Path
    whose: Whose = ROBO
    limits: Limits = field(default_factory=Limits)
    lived: Lived = field(default_factory=Lived)
    learns: bool = True
    pack: Pack = PACK
    make: Callable[[Path], ReplyStore] = ReplyStore
    lookup_s: float = 10.0
    """Patience with a busy machine; the device has less."""
    free_bytes: int = 10**12
    """Room that is left on the disk."""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Replies]:
        learner = Learner(ENGLISH) if self.learns else None
        replies = Replies(
            OnDisk(self.store, lambda: set_aside_if_damaged(self.folder / FILE), lambda: self.free_bytes),
            MATCHER,
            self.whose,
            self.limits,
            self.lived,
            self.pack,
            learner,
            self.lookup_s,
        )
        await replies.open()
        try:
            yield replies
        finally:
            await replies.close()

    def store(self) -> ReplyStore:
        return self.make(self.folder / FILE)

    def on_disk(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.folder.iterdir() if file.is_file())

    def rows(self) -> list[ReplyRow]:
        store = ReplyStore(self.folder / FILE)
        try:
            return store.all()
        finally:
            store.close()


def run(story: Coroutine[None, None, None]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(whole())


async def learned(replies: Replies, record: TurnRecord | None = None) -> None:
    """Learn, and wait until it is written."""
    replies.learn(record or turn())
    await replies.tidy()
