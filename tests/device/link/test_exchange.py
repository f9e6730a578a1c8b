"""An answer on its way in: in order, within bounds, and gone when nobody wants it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from device.audio.jitter_buffer import FIRST_HOLD_S, LONGEST_HOLD_S, JitterBuffer
from device.contracts import (
    Audio,
    Emotion,
    Express,
    Gesture,
    Hush,
    Perform,
    ReplyItem,
    Say,
    Spoken,
    Unworded,
)
from device.errors import LinkError, MindError
from device.link import native as n
from device.link.dialect import Codec
from device.link.exchange import LONGEST_SILENCE_S, LONGEST_TEXT_CHARACTERS, Exchange
from tests import virtual_time
from tests.device.link.scripted import PlainDecoder

DONE = n.Ended(turn_id=1)
PACKET_S = 0.06
PACKET = bytes(2880)
"""60 ms at 24 kHz."""


def text(words: str, audio: bool = False) -> n.Text:
    return n.Text(turn_id=1, text=words, audio=audio)


def sound(number: int, packet: bytes = b"ab") -> n.Media:
    return n.Media(1, number, packet)


def exchange(
    wordless: bool = False,
    begun: Callable[[], None] = lambda: None,
    buffer: JitterBuffer | None = None,
) -> Exchange:
    codec = Codec("opus", 24000, 60)
    held = buffer or JitterBuffer()
    return Exchange(1, lambda: PlainDecoder(codec), held, PACKET_S, wordless=wordless, begun=begun)


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
    assert taken(sound(0), sound(1), DONE, wordless=True) == [Unworded(Audio(b"abab", 24000))]


def test_the_last_clause_does_not_wait_for_the_end_of_the_answer() -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("One.", True))
        made.take(sound(0))
        began_s = asyncio.get_running_loop().time()
        assert await made.next() == Spoken("One.", Audio(b"ab", 24000))
        waited_s = asyncio.get_running_loop().time() - began_s
        assert waited_s == pytest.approx(FIRST_HOLD_S)

    told(story)


async def paced(made: Exchange, packets: int, every_s: float, late_s: dict[int, float]) -> list[float]:
    """A clause whose packets come `every_s`, some later, and none before the one before it.

    How long after its first packet it began, and before each further piece how long nothing sounded.
    """
    loop = asyncio.get_running_loop()
    began_s = came_s = loop.time()
    made.take(text("Slow.", True))
    for number in range(packets):
        came_s = max(came_s, began_s + every_s * number + late_s.get(number, 0.0)) + 1e-6
        loop.call_at(came_s, made.take, sound(number, PACKET))
    loop.call_at(came_s + 0.001, made.take, DONE)
    gaps_s, ends_s, heard_s = [], None, 0.0
    while (item := await made.next()) is not None:
        assert isinstance(item, Spoken)
        assert item.text == ("Slow." if ends_s is None else "")
        now_s = loop.time()
        gaps_s.append(now_s - began_s if ends_s is None else max(0.0, now_s - ends_s))
        ends_s = max(now_s, ends_s or 0.0) + item.audio.duration_s
        heard_s += item.audio.duration_s
    assert heard_s == pytest.approx(packets * PACKET_S)
    return gaps_s


def test_sound_that_comes_faster_than_it_sounds_is_not_held_back() -> None:
    async def story() -> None:
        first_s, *gaps_s = await paced(exchange(), 40, 0.001, {})
        assert first_s < 0.01
        assert sum(gaps_s) == 0

    told(story)


def test_sound_that_comes_as_it_sounds_is_held_back_for_a_moment_and_then_given_in_pieces() -> None:
    async def story() -> None:
        first_s, *gaps_s = await paced(exchange(), 40, PACKET_S, {})
        assert first_s == pytest.approx(FIRST_HOLD_S, abs=0.001)
        assert len(gaps_s) > 20
        assert sum(gaps_s) == 0

    told(story)


def test_what_one_answer_taught_about_the_network_helps_the_next() -> None:
    async def story() -> None:
        buffer, late = JitterBuffer(), dict.fromkeys((10, 25), 0.3)
        one = await paced(exchange(buffer=buffer), 40, PACKET_S, late)
        buffer.clear()
        other = await paced(exchange(buffer=buffer), 40, PACKET_S, late)
        assert sum(one[1:]) > 0.1
        assert sum(other[1:]) == 0
        assert FIRST_HOLD_S < other[0] < LONGEST_HOLD_S

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
    assert taken(text("No."), n.Clear(turn_id=1), text("Yes."), DONE) == [Hush()]


def test_sound_that_is_held_back_is_taken_back_too() -> None:
    async def story() -> None:
        made = exchange()
        made.take(text("No.", True))
        made.take(sound(0, PACKET))
        reading = asyncio.ensure_future(rest(made))
        await asyncio.sleep(FIRST_HOLD_S / 2)
        made.take(n.Clear(turn_id=1))
        assert made.settled, "it has ended by that, and need not be told"
        assert await reading == [Hush()]

    told(story)


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
        made = Exchange(1, Broken, JitterBuffer(), PACKET_S, wordless=False, begun=lambda: None)
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
