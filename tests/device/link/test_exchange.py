"""An answer on its way in: in order, within bounds, and gone when nobody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from device.contracts import Audio, Emotion, Express, Gesture, Perform, ReplyItem, Say, Spoken, Unworded
from device.errors import LinkError, MindError
from device.link import native as n
from device.link.dialect import Codec
from device.link.exchange import (
    CLAUSE_PAUSE_S,
    CLAUSE_WAIT_S,
    LONGEST_SILENCE_S,
    LONGEST_TEXT_CHARACTERS,
    Exchange,
)
from tests import virtual_time
from tests.device.link.scripted import PlainDecoder

DONE = n.Ended(turn_id=1)


def text(words: str, audio: bool = False) -> n.Text:
    return n.Text(turn_id=1, text=words, audio=audio)


def sound(number: int, packet: bytes = b"ab") -> n.Media:
    return n.Media(1, number, packet)


def exchange(wordless: bool = False, begun: Callable[[], None] = lambda: None) -> Exchange:
    codec = Codec("opus", 24000, 60)
    return Exchange(1, lambda: PlainDecoder(codec), 0.06, wordless=wordless, begun=begun)


def told(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await story()

    virtual_time.run(run())


async def rest(made: Exchange) -> list[ReplyItem]:
    items = []
    while (item := await made.next()) is not None:
        items.append(item)
    return items


def taken(
    *words: n.Text | n.Media | n.Feeling | n.Ended | n.Clear, wordless: bool = False
) -> list[ReplyItem]:
    """What comes out when all of it has come in before anybody reads."""

    async def story() -> list[ReplyItem]:
        made = exchange(wordless)
        for word in words:
            made.take(word)
        return await rest(made)

    return virtual_time.run(story())


def test_words_come_out_in_order_with_moods_in_their_place() -> None:
    feeling = n.Feeling(turn_id=1, emotion="happy")
    assert taken(text("Be"), feeling, text("cause."), DONE) == [
        Say("Be"),
        Express(Emotion.HAPPY),
        Say("cause."),
    ]


def test_moods_that_are_not_known_are_passed_over() -> None:
    assert taken(n.Feeling(turn_id=1, emotion="furious"), DONE) == []


def test_a_clause_comes_with_its_sound() -> None:
    audio = Audio(b"abcd", 24000)
    assert taken(
        text("One.", True), sound(0, b"ab"), sound(1, b"cd"), text("Two.", True), sound(2), DONE
    ) == [
        Spoken("One.", audio),
        Spoken("Two.", Audio(b"ab", 24000)),
    ]


@pytest.mark.parametrize("end", [n.Feeling(turn_id=1, emotion="sad"), text(""), text("More."), DONE])
def test_whatever_follows_ends_a_clause(end: n.Text | n.Feeling | n.Ended) -> None:
    assert taken(text("One.", True), sound(0), end, DONE)[0] == Spoken("One.", Audio(b"ab", 24000))


def test_a_clause_without_sound_is_text() -> None:
    said = taken(text("One.", True), text("Two.", True), DONE)
    assert said == [Say("One.", ends=True), Say("Two.", ends=True)]


def test_sound_without_words_before_it_is_not_heard() -> None:
    assert taken(sound(0), text("Words."), sound(1), DONE) == [Say("Words.")]


@pytest.mark.parametrize("nothing", ["", " ", "\n\t"])
def test_a_clause_of_no_words_gives_its_sound_no_cover(nothing: str) -> None:
    assert taken(text("Words.", True), sound(0), text(nothing, True), sound(1), DONE)[0] == Spoken(
        "Words.", Audio(b"ab", 24000)
    )
    assert not any(isinstance(item, Spoken | Unworded) for item in taken(text(nothing, True), sound(0), DONE))


def test_sound_without_words_is_heard_where_that_is_allowed() -> None:
    assert taken(sound(0), sound(1), DONE, wordless=True) == 2 * [Unworded(Audio(b"ab", 24000))]


def test_the_last_clause_does_not_wait_for_the_end_of_the_answer() -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("One.", True))
        made.take(sound(0))
        began_s = asyncio.get_running_loop().time()
        assert await made.next() == Spoken("One.", Audio(b"ab", 24000))
        waited_s = asyncio.get_running_loop().time() - began_s
        assert waited_s == pytest.approx(CLAUSE_PAUSE_S)

    told(story)


def test_sound_that_comes_no_faster_than_it_sounds_is_heard_in_pieces() -> None:
    async def story() -> None:
        made = exchange()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        made.take(text("Slow.", True))
        for number in range(40):
            loop.call_later(0.06 * number, made.take, sound(number))
        loop.call_later(2.5, made.take, DONE)
        first = await made.next()
        assert isinstance(first, Spoken)
        assert first.text == "Slow."
        assert loop.time() - began_s <= CLAUSE_WAIT_S + 0.07
        pieces = await rest(made)
        assert all(isinstance(piece, Spoken) and piece.text == "" for piece in pieces)
        whole = b"".join(piece.audio.pcm for piece in [first, *pieces] if isinstance(piece, Spoken))
        assert whole == 40 * b"ab"

    told(story)


@pytest.mark.parametrize("reason", ["refused", "failed"])
def test_an_answer_that_fails_says_why_after_what_came_before(reason: str) -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("Well, "))
        made.take(n.Ended(turn_id=1, reason=reason, message="too late\x1b[2J"))  # type: ignore[arg-type]
        assert await made.next() == Say("Well, ")
        with pytest.raises(MindError, match=r"It says: “too late \[2J”"):
            await made.next()

    told(story)


def test_what_system_2_takes_back_is_not_heard() -> None:
    assert taken(text("No."), n.Clear(turn_id=1), text("Yes."), DONE) == [Say("Yes.")]


def test_nothing_comes_out_after_it_was_closed() -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("One.", True))
        made.take(sound(0))
        made.close()
        for word in (text("Old."), sound(1), text("Old.", True), sound(2), DONE):
            made.take(word)
        made.act(Perform(Gesture.WAVE))
        assert await made.next() is None

    told(story)


def test_whoever_waits_when_it_is_closed_waits_no_longer() -> None:
    async def story() -> None:
        made = exchange()
        asyncio.get_running_loop().call_later(1, made.close)
        assert await made.next() is None

    told(story)


def test_an_answer_that_breaks_off_says_so_after_what_came_before() -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("Be"))
        made.fail(MindError("lost"))
        assert await made.next() == Say("Be")
        with pytest.raises(MindError, match="lost"):
            await made.next()

    told(story)


@pytest.mark.parametrize(
    "endless",
    [
        [text("x" * 1000)],
        [text("x")],
        [text("One.", True), sound(0, b"x")],
        [n.Feeling(turn_id=1, emotion="sad")],
        [text("One.", True), sound(0, b"x" * 4096)],
    ],
)
def test_an_answer_without_end_fails_and_frees_what_was_kept(endless: list[n.Text | n.Media]) -> None:
    async def story() -> None:
        made = exchange()
        for _ in range(LONGEST_TEXT_CHARACTERS):
            for word in endless:
                made.take(word)
        assert made.over
        with pytest.raises(MindError, match="no end"):
            await made.next()

    told(story)


def test_gestures_without_end_fail() -> None:
    async def story() -> None:
        made = exchange()
        for _ in range(10_000):
            made.act(Perform(Gesture.WAVE))
        with pytest.raises(MindError, match="no end"):
            await made.next()

    told(story)


def test_a_silence_is_not_waited_for_for_ever() -> None:
    async def story() -> None:
        made = exchange()
        with pytest.raises(MindError, match=f"{LONGEST_SILENCE_S:g} s"):
            await made.next()

    told(story)


def test_sound_that_is_none_fails() -> None:
    class Broken:
        def decode(self, number: int, packet: bytes) -> Audio | None:
            raise LinkError("no packet")

    async def story() -> None:
        made = Exchange(1, Broken, 0.06, wordless=False, begun=lambda: None)
        made.take(text("One.", True))
        made.take(sound(0))
        with pytest.raises(MindError, match="sound that is none"):
            await made.next()

    told(story)


def test_the_first_words_are_told_once() -> None:
    begun: list[bool] = []
    made: list[Exchange] = []

    async def story() -> None:
        made.append(exchange(begun=lambda: begun.append(True)))
        made[0].take(n.Feeling(turn_id=1, emotion="sad"))
        assert begun == []
        for _ in range(3):
            made[0].take(text("x"))

    told(story)
    assert begun == [True]


def test_a_cancelled_reader_loses_nothing() -> None:
    async def story() -> None:
        made = exchange()
        reading = asyncio.ensure_future(made.next())
        await asyncio.sleep(1)
        reading.cancel()
        await asyncio.wait([reading])
        made.take(text("Still here."))
        assert await made.next() == Say("Still here.")

    told(story)
