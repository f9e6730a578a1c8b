"""Outbox, promises and cache on a disk that is really full, read-only or failing, and in wrong years.

What was acknowledged is there afterwards, what was refused is not, and nothing has to be started again.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cache.replies import ReplyStore
from cache.reply_rows import NewReply
from device.brain.packs import promise_phrases
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.config import Settings
from device.contracts import Audio, Promised, Spoken
from device.errors import OutboxError
from device.lived_time import LivedTime
from device.moment import Clocks
from device.outbox.kept import KeptOutbox
from device.promises.kept import KeptPromises
from device.promises.promises import PromiseClocks, Promises
from device.replies.files import FILE
from device.replies.replies import OnDisk, Pack, Replies, Whose
from tests import small_disk
from tests.small_disk import SmallDisk, mounted

DISK_MIB = 8
HOUR_S = 3600.0
TEN_YEARS_S = 3652 * 24 * HOUR_S
TODAY_S = 1.8e9

bad = pytest.mark.parametrize(
    ("worsens", "recovers"),
    [(SmallDisk.fill, SmallDisk.make_room), (SmallDisk.read_only, SmallDisk.writable)],
    ids=["full", "read-only"],
)
wrong_years = pytest.mark.parametrize(
    "leap_s", [TEN_YEARS_S, -TEN_YEARS_S, -TODAY_S], ids=["ahead", "behind", "1970"]
)


@dataclass
class Time:
    """A wall clock that can be set, and one that cannot."""

    wall_s: float = TODAY_S
    monotonic_s: float = 100.0

    def leaps(self, seconds: float) -> None:
        self.wall_s += seconds


@dataclass
class Keeper:
    """A device as far as it keeps questions: promises and the outbox on real files."""

    promises: Promises
    outbox: KeptOutbox
    acknowledged: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)

    async def ask(self, question: str) -> bool:
        """Whether it was promised."""
        try:
            kept = await self.promises.promise(question, "en") is Promised.KEPT
        except OutboxError:
            kept = False
        (self.acknowledged if kept else self.refused).add(question)
        return kept


@contextlib.asynccontextmanager
async def keeper(state: Path, time: Time) -> AsyncIterator[Keeper]:
    """From a start to the end."""
    lived = LivedTime(state / "lived.json", lambda: time.wall_s, lambda: time.monotonic_s)
    clocks = Clocks(lived.now, lambda: time.wall_s, lambda: time.monotonic_s)
    outbox = KeptOutbox(state, Settings(), clocks, linked=lambda: False)
    promises = Promises(
        KeptPromises(state),
        outbox,
        lambda announcement: None,
        itertools.count(1),
        promise_phrases("en"),
        keep_s=24 * HOUR_S,
        clocks=PromiseClocks(lived.now, lambda: time.monotonic_s, lambda: time.wall_s),
    )
    running = [asyncio.create_task(promises.run()), asyncio.create_task(outbox.run())]
    try:
        yield Keeper(promises, outbox)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
        await outbox.close()
        with contextlib.suppress(OSError):
            lived.save()


def promised(state: Path) -> set[str]:
    """The questions on disk that are to be told, all of which are also to be sent."""
    questions = {question for (question,) in _rows(state / "promises.db", "SELECT question FROM promises")}
    waiting = _rows(state / "outbox.db", "SELECT body FROM items WHERE kind = 'question'")
    assert questions == {json.loads(body)["text"] for (body,) in waiting}
    return questions


def _rows(file: Path, query: str) -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(file)) as database:
        (verdict,) = database.execute("PRAGMA quick_check").fetchone()
        assert verdict == "ok"
        return database.execute(query).fetchall()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    small_disk.make(image := tmp_path / "disk.img", DISK_MIB)
    return image


@pytest.fixture
def disk(image: Path, tmp_path: Path) -> Iterator[SmallDisk]:
    with mounted(image, tmp_path / "disk") as disk:
        yield disk


def play(state: Path, story: Callable[[Keeper], Awaitable[None]], time: Time | None = None) -> Keeper:
    async def whole() -> Keeper:
        async with keeper(state, time or Time()) as device:
            await story(device)
            return device

    return asyncio.run(whole())


# --- disks -----------------------------------------------------------------------------------------


@bad
def test_nothing_is_promised_by_a_start_on_a_bad_disk_until_it_can_be_kept(
    disk: SmallDisk, worsens: Callable[[SmallDisk], None], recovers: Callable[[SmallDisk], None]
) -> None:
    async def story(device: Keeper) -> None:
        assert not await device.ask("who won the cup")
        assert not device.promises.has("who won the cup")
        recovers(disk)
        assert await device.ask("who built the bridge")

    worsens(disk)
    assert play(disk.folder, story).acknowledged == promised(disk.folder) == {"who built the bridge"}


def test_a_disk_that_fills_up_loses_nothing_that_was_promised_and_keeps_nothing_that_was_not(
    disk: SmallDisk,
) -> None:
    async def story(device: Keeper) -> None:
        assert await device.ask("who won the cup")
        disk.fill()
        while len(device.acknowledged) < 8 and await device.ask(
            f"what is {len(device.acknowledged)} " + 900 * "x"
        ):
            pass
        assert device.refused
        disk.make_room()
        assert await device.ask("who built the bridge")

    device = play(disk.folder, story)
    assert promised(disk.folder) == device.acknowledged
    assert {"who won the cup", "who built the bridge"} <= device.acknowledged


def test_a_disk_that_fails_keeps_what_was_promised_before(image: Path, tmp_path: Path) -> None:
    async def story(device: Keeper) -> None:
        assert await device.ask("who won the cup")
        mount.fail()
        assert not await device.ask("who built the bridge")

    with mounted(image, tmp_path / "disk") as mount:
        if not mount.can_fail:
            pytest.skip("needs a kernel that lets an ext4 fail on demand")
        play(mount.folder, story)
    small_disk.mend(image)
    with mounted(image, tmp_path / "disk") as mended:
        assert promised(mended.folder) == {"who won the cup"}


# --- the cache -------------------------------------------------------------------------------------


MATCHER = Matcher({"en": load_lexicon("en")})


def reply(question: str, answer: str, source: str, expires_s: float | None = None) -> NewReply:
    wording = MATCHER.wording(question, "en")
    assert wording is not None
    return NewReply("en", (wording,), answer, source, "allow", expires_s=expires_s)


BLUE = reply("why is the sky blue", "It scatters.", "pack")


@contextlib.asynccontextmanager
async def remembering(state: Path, time: Time) -> AsyncIterator[Replies]:
    lived = LivedTime(state / "lived.json", lambda: time.wall_s, lambda: time.monotonic_s)
    replies = Replies(
        OnDisk(lambda: ReplyStore(state / FILE)),
        MATCHER,
        Whose("en", "", "espeak"),
        Settings().replies,
        lived.now,
        Pack("first", lambda: [BLUE]),
    )
    try:
        await replies.open()
        yield replies
    finally:
        await replies.close()
        with contextlib.suppress(OSError):
            lived.save()


async def answer(replies: Replies, question: str = "why is the sky blue") -> str | None:
    """A machine that is busy may be too late with it a few times."""
    for _ in range(20):
        if found := await replies.recall(question, "en"):
            return found.text
        await asyncio.sleep(0.05)
    return None


@bad
def test_a_cache_that_cannot_be_opened_answers_nothing_until_it_can(
    disk: SmallDisk, worsens: Callable[[SmallDisk], None], recovers: Callable[[SmallDisk], None]
) -> None:
    async def story() -> None:
        async with remembering(disk.folder, Time()) as replies:
            assert not replies.is_open
            assert await replies.recall("why is the sky blue", "en") is None
            recovers(disk)
            assert await replies.open()
            assert await answer(replies) == "It scatters."

    worsens(disk)
    asyncio.run(story())


def test_a_disk_that_is_full_later_costs_what_is_new_and_not_what_is_there(disk: SmallDisk) -> None:
    async def story() -> None:
        async with remembering(disk.folder, Time()) as replies:
            ((reply_id, text),) = await replies.unrendered(1)
            sound = [Spoken(text, Audio(bytes(200_000), 16_000))]
            disk.fill()
            with pytest.raises(sqlite3.OperationalError, match="full"):
                await replies.keep_sound(reply_id, sound)
            assert await answer(replies) == text
            disk.make_room()
            await replies.keep_sound(reply_id, sound)
            assert await replies.unrendered(1) == []

    asyncio.run(story())


# --- years -----------------------------------------------------------------------------------------


@wrong_years
def test_a_clock_in_the_wrong_year_lets_no_question_expire_nor_live_for_ever(
    tmp_path: Path, leap_s: float
) -> None:
    time = Time()

    async def asked_and_leapt(device: Keeper) -> None:
        assert await device.ask("who won the cup")
        time.leaps(leap_s)
        assert device.promises.has("who won the cup")

    async def still_there(device: Keeper) -> None:
        assert await device.ask("who built the bridge")
        assert device.promises.has("who won the cup")
        time.leaps(-leap_s)
        assert device.promises.has("who won the cup")
        time.monotonic_s += 25 * HOUR_S
        time.leaps(25 * HOUR_S)
        assert not device.promises.waiting

    play(tmp_path, asked_and_leapt, time)
    play(tmp_path, still_there, time)


@wrong_years
def test_a_clock_in_the_wrong_year_empties_no_cache(tmp_path: Path, leap_s: float) -> None:
    time = Time()
    expires_s = time.wall_s + 24 * HOUR_S
    told = reply("who built the bridge", "Ada did.", "person", expires_s)

    async def story() -> None:
        async with remembering(tmp_path, time):
            store = ReplyStore(tmp_path / FILE)
            store.put(told, time.wall_s)
            store.close()
        for _ in range(2):
            time.leaps(leap_s)
            async with remembering(tmp_path, time) as replies:
                assert await answer(replies, "who built the bridge") == "Ada did."
                time.leaps(-leap_s)
                assert await answer(replies, "who built the bridge") == "Ada did."

    asyncio.run(story())
