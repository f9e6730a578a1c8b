"""The cache of replies over a real store: what it learns, finds, forgets, and what a broken disk costs."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from cache.database import set_aside_if_damaged
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, ReplyRow, SoundRow
from device.brain import learning
from device.brain.learning import Refusal
from device.brain.recall.lexicon import load_lexicon
from device.brain.recall.matcher import Matcher
from device.config import Character
from device.config import Replies as Limits
from device.contracts import Audio, Mind, Route, Spoken
from device.errors import StageError
from device.record import TurnRecord
from device.replies.files import FILE
from device.replies.replies import DAY_S, LOOKUP_S, MOST_WAITING, Learner, Pack, Replies, Whose, character_key
from tests.device.replies.test_lessons import ANSWER, QUESTION, turn

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

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Replies]:
        learner = Learner(ENGLISH) if self.learns else None
        replies = Replies(
            self.store,
            MATCHER,
            self.whose,
            self.limits,
            self.lived,
            self.pack,
            learner,
            lambda: set_aside_if_damaged(self.folder / FILE),
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


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path)


def run(story: Coroutine[None, None, None]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(30):
            await story

    asyncio.run(whole())


async def learned(replies: Replies, record: TurnRecord | None = None) -> None:
    """Learn, and wait until it is written."""
    replies.learn(record or turn())
    await replies.tidy()


# --- learning and finding ------------------------------------------------------------------------


def test_what_system_2_answered_is_said_again_when_it_is_asked_again_after_a_restart(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            assert await replies.recall(QUESTION, "en") is None
            await learned(replies, replace(turn(), heard="how do you feel"))
            assert not replies.changed.is_set()
            await learned(replies)
            assert replies.changed.is_set()
        async with cache.open() as replies:
            found = await replies.recall("Could you tell me why the sky is blue?", "en")
            assert found is not None
            assert (found.text, found.source, found.spoken) == (ANSWER, "system_2", ())
            assert await replies.recall("why is the grass green", "en") is None
            assert await replies.recall(QUESTION, "de") is None

    run(story())


def test_a_turn_that_may_not_be_learned_is_counted_by_its_reason(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies, replace(turn(), heard="why do i feel sad"))
            await learned(replies, replace(turn(), heard="how do you feel"))
            await learned(replies, replace(turn(), heard="what should i eat"))
            assert replies.refused == {Refusal.PERSONAL: 2, Refusal.ROBOT: 1}
            assert await replies.recall("why do i feel sad", "en") is None

    run(story())
    assert b"feel sad" not in cache.on_disk()


def test_without_consent_nothing_is_written_about_what_was_asked(cache: Cache) -> None:
    async def story() -> None:
        async with replace(cache, learns=False).open() as replies:
            found = await replies.recall("who are you", "en")
            assert found is not None
            by_cache = Route(Mind.CACHE, "it was asked before")
            await learned(replies, replace(turn(), heard="who are you", spoken=found.text, route=by_cache))
            await learned(replies)
            assert replies.refused == {Refusal.NO_CONSENT: 2}

    run(story())
    assert b"sky" not in cache.on_disk()
    assert b"scatters" not in cache.on_disk()
    (row,) = cache.rows()
    assert (row.uses, row.used_s) == (0, None)


def test_consent_that_is_taken_back_erases_what_was_learned(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
        async with replace(cache, learns=False).open() as replies:
            assert await replies.recall(QUESTION, "en") is None

    run(story())
    assert b"scatters" not in cache.on_disk()
    assert [row.source for row in cache.rows()] == ["pack"]


def test_what_was_spoken_from_here_is_counted_as_used(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            found = await replies.recall("who are you", "en")
            assert found is not None
            by_cache = replace(turn(found.text), heard="who are you", route=Route(Mind.CACHE, ""))
            await learned(replies, by_cache)
            await learned(replies, replace(by_cache, spoken=""))
            await learned(replies, replace(by_cache, heard="something else"))
            await learned(replies, replace(by_cache, route=Route(Mind.SKILL, "")))

    run(story())
    assert [(row.uses, row.used_s) for row in cache.rows()] == [(1, cache.lived.now_s)]


def test_a_learned_reply_is_good_for_as_many_days_as_the_settings_say(cache: Cache) -> None:
    cache.limits = Limits(learned_days=3)

    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            cache.lived.now_s += 3 * DAY_S - 1
            assert await replies.recall(QUESTION, "en") is not None
            cache.lived.now_s += 1
            assert await replies.recall(QUESTION, "en") is None
            await replies.tidy()

    run(story())
    assert b"scatters" not in cache.on_disk()


def test_another_character_does_not_say_what_this_one_learned(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
        async with replace(cache, whose=replace(ROBO, character="Fox:2")).open() as replies:
            assert await replies.recall(QUESTION, "en") is None
            assert await replies.recall("who are you", "en") is not None
        async with cache.open() as replies:
            assert await replies.recall(QUESTION, "en") is not None

    run(story())


def test_a_character_is_another_with_another_name_persona_or_safety() -> None:
    robo = Character(name="Robo")
    others = [
        Character(name="Fox"),
        Character(name="Robo", persona="You are grumpy."),
        Character(name="Robo", safety="adult"),
    ]
    assert character_key(robo) == character_key(Character(name="Robo", file="robo.toml"))
    assert character_key(robo) not in map(character_key, others)
    assert character_key(robo).startswith("Robo:")


def test_what_is_used_least_goes_first_when_there_is_no_more_room(cache: Cache) -> None:
    cache.limits = Limits(most_mb=1)
    used, unused = "what do owls eat", "what do bears eat"
    sound = [SoundRow("Clause.", 16_000, bytes(400_000))]

    def fill() -> None:
        store = ReplyStore(cache.folder / FILE)
        for question in (used, unused):
            reply_id = store.put(replace(kept(question, "Berries.", "system_2"), character="Robo:1"), 1e9)
            store.sounds.put(reply_id, "a voice", sound)
            if question is used:
                store.used(reply_id, 1e9)
        store.put(replace(kept("why do owls hunt", "Hunger.", "system_2"), character="Robo:1"), 1e9)
        store.sounds.put(3, "a voice", sound[:1])
        store.close()

    async def story() -> None:
        await asyncio.to_thread(fill)
        async with replace(cache, pack=Pack()).open() as replies:
            await learned(replies)
            assert await replies.recall(unused, "en") is None
            assert await replies.recall(used, "en") is not None
            assert await replies.recall(QUESTION, "en") is not None

    run(story())
    store = ReplyStore(cache.folder / FILE)
    assert store.bytes_used() <= 1_000_000
    store.close()


def test_where_the_cache_is_not_to_be_used_nothing_is_found_and_nothing_learned(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
        async with replace(cache, limits=Limits(use=False)).open() as replies:
            assert await replies.recall(QUESTION, "en") is None
            await learned(replies, replace(turn(), heard="what do owls eat"))
        async with cache.open() as replies:
            assert await replies.recall(QUESTION, "en") is not None
            assert await replies.recall("what do owls eat", "en") is None

    run(story())


# --- what ships ----------------------------------------------------------------------------------


def test_what_ships_is_read_again_only_when_it_has_changed(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open():
            pass
        (first,) = cache.rows()
        async with cache.open():
            pass
        assert cache.rows() == [first]
        changed = Pack("2", lambda: [kept("who are you", "I am your robot.")])
        async with replace(cache, pack=changed).open() as replies:
            found = await replies.recall("who are you", "en")
            assert found is not None
            assert found.text == "I am your robot."

    run(story())
    assert len(cache.rows()) == 1


def test_the_index_is_made_anew_when_the_matchers_rules_have_changed(cache: Cache) -> None:
    def of_before(store: ReplyStore) -> None:
        store.reindex((number, "old key", ("old", "terms")) for number, _, _ in store.wordings(0, 10))
        store.set_note("index en", "rules of before")

    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
        store = ReplyStore(cache.folder / FILE)
        of_before(store)
        store.close()
        async with cache.open() as replies:
            assert await replies.recall(QUESTION, "en") is not None

    run(story())


# --- erasure -------------------------------------------------------------------------------------


def test_forgetting_erases_what_was_learned_since_then(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies, replace(turn(), heard="what do owls eat", made="Mice.", spoken="Mice."))
            cache.lived.now_s += 100
            await learned(replies)
            assert await replies.forget(cache.lived.now_s - 50) == 1
            assert await replies.recall(QUESTION, "en") is None
            assert await replies.recall("what do owls eat", "en") is not None
            assert await replies.forget(None) == 1
            assert await replies.recall("what do owls eat", "en") is None
            assert b"scatters" not in cache.on_disk()
            assert b"owls" not in cache.on_disk()

    run(story())
    assert [row.source for row in cache.rows()] == ["pack"]


# --- sound ---------------------------------------------------------------------------------------


def test_what_has_been_rendered_comes_with_the_reply(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            missing = dict(await replies.unrendered(10))
            reply_id = next(number for number, text in missing.items() if text == ANSWER)
            await replies.keep_sound(reply_id, SPOKEN)
            assert len(await replies.unrendered(10)) == 1
            found = await replies.recall(QUESTION, "en")
            assert found is not None
            assert found.spoken == SPOKEN

    run(story())


def test_another_voice_erases_the_sound_of_the_one_before(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            for reply_id, _ in await replies.unrendered(10):
                await replies.keep_sound(reply_id, [Spoken("Zanzibar.", SPOKEN[0].audio)])
            assert await replies.unrendered(10) == []
        async with replace(cache, whose=replace(ROBO, voice="another")).open() as replies:
            assert len(await replies.unrendered(10)) == 2
            found = await replies.recall(QUESTION, "en")
            assert found is not None
            assert found.spoken == ()

    run(story())
    assert b"Zanzibar" not in cache.on_disk()


def test_sound_leaves_room_for_words(cache: Cache) -> None:
    cache.limits = Limits(most_mb=1)

    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            (first, _), _ = await replies.unrendered(10)
            await replies.keep_sound(first, [Spoken("Clause.", Audio(bytes(800_000), 16_000))])
            assert await replies.unrendered(10) == []

    run(story())


# --- a disk that fails, and one that hangs -------------------------------------------------------


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
        async with replace(cache, make=hanging(held)).open() as replies:
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
        async with replace(cache, make=hanging(held)).open() as replies:
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
        async with replace(cache, make=hanging(held)).open() as replies:
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
