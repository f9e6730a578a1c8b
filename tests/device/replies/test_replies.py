"""The cache of replies over a real store: what it learns, finds, says with ready sound, and forgets."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from cache.replies import ReplyStore
from cache.reply_rows import SoundRow
from device.brain.learning import Refusal
from device.config import Character
from device.config import Replies as Limits
from device.contracts import Audio, Mind, Route, Spoken
from device.replies.files import FILE
from device.replies.replies import DAY_S, LEAST_FREE_BYTES, Pack, character_key
from tests.device.replies.kept_replies import ROBO, SPOKEN, Cache, kept, learned, run
from tests.device.replies.test_lessons import ANSWER, QUESTION, turn

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


def test_no_sound_is_kept_on_a_disk_that_is_nearly_full(cache: Cache) -> None:
    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            cache.free_bytes = LEAST_FREE_BYTES - 1
            assert await replies.unrendered(10) == []
            cache.free_bytes = LEAST_FREE_BYTES
            assert len(await replies.unrendered(10)) == 2

    run(story())


def test_sound_leaves_room_for_words(cache: Cache) -> None:
    cache.limits = Limits(most_mb=1)

    async def story() -> None:
        async with cache.open() as replies:
            await learned(replies)
            (first, _), _ = await replies.unrendered(10)
            await replies.keep_sound(first, [Spoken("Clause.", Audio(bytes(800_000), 16_000))])
            assert await replies.unrendered(10) == []

    run(story())
