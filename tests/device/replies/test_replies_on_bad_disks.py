"""A cache on a disk that fails, hangs or damages it: nothing else is held up."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from cache.replies import ReplyStore
from cache.reply_rows import NewReply, ReplyRow
from device.errors import StageError
from device.replies.files import FILE
from device.replies.replies import LOOKUP_S, MOST_WAITING, Replies
from tests.device.replies.kept_replies import Cache, learned, run
from tests.device.replies.test_lessons import QUESTION, turn


class FailingStore(ReplyStore):
    """Opens, and then its disk breaks."""

    broken = False

    def exact(self, language: str, key: str, character: str, now_s: float) -> ReplyRow | None:
        if FailingStore.broken:
            raise sqlite3.OperationalError("disk I/O error")
        return super().exact(language, key, character, now_s)

    def put(self, new: NewReply, now_s: float) -> int:
        if FailingStore.broken:
            raise sqlite3.OperationalError("disk I/O error")
        return super().put(new, now_s)


def test_a_disk_that_fails_costs_the_cache_and_one_word_in_the_log_until_it_works(
    cache: Cache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with replace(cache, make=FailingStore).open() as replies:
            await learned(replies)
            monkeypatch.setattr(FailingStore, "broken", True)
            for _ in range(3):
                assert await replies.recall(QUESTION, "en") is None
            assert len(errors(caplog)) == 1
            monkeypatch.setattr(FailingStore, "broken", False)
            assert await replies.recall(QUESTION, "en") is not None
            monkeypatch.setattr(FailingStore, "broken", True)
            await learned(replies)
            assert len(errors(caplog)) == 2
            monkeypatch.setattr(FailingStore, "broken", False)

    run(story())
    assert "sky" not in caplog.text


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.WARNING]


class HangingStore(ReplyStore):
    """Its disk does not answer while `held` is not set."""

    held: threading.Event
    puts = 0

    def exact(self, language: str, key: str, character: str, now_s: float) -> ReplyRow | None:
        self.held.wait(20)
        return super().exact(language, key, character, now_s)

    def put(self, new: NewReply, now_s: float) -> int:
        self.held.wait(20)
        HangingStore.puts += 1
        return super().put(new, now_s)


def hanging(held: threading.Event) -> Callable[[Path], ReplyStore]:
    def make(file: Path) -> ReplyStore:
        store = HangingStore(file)
        store.held = held
        return store

    return make


def test_a_disk_that_hangs_holds_up_one_turn_for_a_moment_and_no_other(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    held = threading.Event()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with replace(cache, make=hanging(held), lookup_s=LOOKUP_S).open() as replies:
            began_s = loop.time()
            assert await replies.recall("who are you", "en") is None
            first_s, began_s = loop.time() - began_s, loop.time()
            for _ in range(20):
                assert await replies.recall("who are you", "en") is None
            assert first_s >= LOOKUP_S * 0.9
            assert loop.time() - began_s < LOOKUP_S / 2
            assert len(errors(caplog)) == 1
            held.set()
            await until_found(replies)

    run(story())


async def until_found(replies: Replies) -> None:
    while await replies.recall("who are you", "en") is None:  # noqa: ASYNC110 - the test's own bound ends it
        await asyncio.sleep(0.01)


def test_a_turn_that_is_cut_off_during_a_lookup_is_not_held_up(cache: Cache) -> None:
    held = threading.Event()

    async def story() -> None:
        async with replace(cache, make=hanging(held), lookup_s=LOOKUP_S).open() as replies:
            looking = asyncio.ensure_future(replies.recall("who are you", "en"))
            await asyncio.sleep(0)
            looking.cancel()
            done, _ = await asyncio.wait([looking], timeout=1)
            assert looking in done
            assert looking.cancelled()
            held.set()

    run(story())


def test_no_more_than_so_many_changes_wait_for_a_disk_that_hangs(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    held = threading.Event()

    async def story() -> None:
        async with replace(cache, make=hanging(held), lookup_s=LOOKUP_S).open() as replies:
            before = HangingStore.puts
            for _ in range(MOST_WAITING + 5):
                replies.learn(turn())
            held.set()
            await replies.tidy()
            assert HangingStore.puts - before == MOST_WAITING

    run(story())
    assert len(errors(caplog)) == 1


def test_a_cache_that_cannot_be_opened_costs_nothing_but_itself(
    cache: Cache, caplog: pytest.LogCaptureFixture
) -> None:
    (cache.folder / FILE).mkdir()

    async def story() -> None:
        async with cache.open() as replies:
            assert not replies.is_open
            assert await replies.recall("who are you", "en") is None
            replies.learn(turn())
            with pytest.raises((OSError, sqlite3.Error, StageError)):
                await replies.forget(None)
            (cache.folder / FILE).rmdir()
            assert await replies.open()
            assert await replies.recall("who are you", "en") is not None

    run(story())
    assert errors(caplog)


def test_a_file_that_turns_out_damaged_in_use_is_set_aside_and_a_new_one_begun(
    cache: Cache, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cache.replies.CHECKED_BYTES", 0)

    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
        async with cache.open() as replies:
            spoil(cache.folder / FILE)
            assert await replies.recall(QUESTION, "en") is None
            assert not replies.is_open
            assert replies.changed.is_set()
            replies.learn(turn())
            with pytest.raises(StageError):
                await replies.forget(None)
            assert await replies.open()
            assert await replies.recall(QUESTION, "en") is None
            assert await replies.recall("who are you", "en") is not None
            await learned(replies)
            assert await replies.recall(QUESTION, "en") is not None

    run(story())
    assert ["set aside" in told for told in errors(caplog)] == [False, True]
    assert "sky" not in caplog.text


def spoil(file: Path) -> None:
    """All pages but the first."""
    whole = file.read_bytes()
    with file.open("r+b") as spoilt:
        spoilt.seek(4096)
        spoilt.write(b"\xff" * (len(whole) - 4096))
