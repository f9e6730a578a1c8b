"""Our dialects against FastRTC itself."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from websockets.asyncio.client import connect

from device.contracts import Audio
from device.link import native as n
from device.link.fastrtc import FastRtc
from device.link.twilio import Twilio

from .driver import conversation, eventually, likeness

pytestmark = pytest.mark.others

STARTING = '{"event":"start","websocket_id":"somebody else"}'


def dialect(**more: object) -> FastRtc:
    return FastRtc(uuid.uuid4().hex, **more)  # type: ignore[arg-type]


def offer(host: str, name: str) -> str:
    return f"ws://{host}/{name}/websocket/offer"


@pytest.mark.parametrize(
    ("name", "rates"),
    [("echo", {}), ("blurt", {}), ("slow_rate", {"up_hz": 16_000, "down_hz": 16_000})],
)
def test_speech_comes_back_as_it_was_said(
    fastrtc: str, question: Audio, name: str, rates: dict[str, int]
) -> None:
    """At FastRTC's own rates and at others; piece by piece, and in one message."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, name), dialect(**rates)) as one:
            started = await one.until(n.Started)
            assert started.sample_rate == rates.get("down_hz", 24_000)
            await one.say(7, question)
            assert (await one.until(n.Taken)).turn_id == 7
            assert await one.until(n.Ended) == n.Ended(turn_id=7)
            back = one.heard(7)
            assert 1.5 < back.duration_s < question.duration_s
            assert likeness(question, back) > 0.9

    asyncio.run(talk())


@pytest.mark.parametrize(("name", "least", "most"), [("echo", 0.3, 0.8), ("drips", 1.0, 1.5)])
def test_an_answer_comes_faster_than_it_sounds_unless_its_pieces_are_short(
    fastrtc: str, question: Audio, name: str, least: float, most: float
) -> None:
    """FastRTC waits 20 ms after each piece, however long it is: pieces of 20 ms come later and later."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, name), dialect()) as one:
            await one.until(n.Started)
            await one.say(7, question)
            await one.until(n.Ended)
            times = [at_s for at_s, word in one.words if isinstance(word, n.Media)]
            assert least < (times[-1] - times[0]) / one.heard(7).duration_s < most

    asyncio.run(talk())


def test_two_questions_one_after_the_other_are_told_apart(fastrtc: str, question: Audio) -> None:
    async def talk() -> None:
        async with conversation(offer(fastrtc, "echo"), dialect()) as one:
            await one.until(n.Started)
            for turn_id in (7, 8):
                await one.say(turn_id, question)
                await eventually(lambda: n.Ended(turn_id=turn_id) in [w for _, w in one.words])  # noqa: B023
                assert likeness(question, one.heard(turn_id)) > 0.9

    asyncio.run(talk())


def test_after_a_barge_in_nothing_of_the_old_answer_is_heard(fastrtc: str, question: Audio) -> None:
    """The server says all of the first answer, whatever we want; the second comes after it, and is heard."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, "echo"), dialect()) as one:
            await one.until(n.Started)
            await one.say(7, question)
            await one.until(n.Media)
            await one.send(n.Clear(turn_id=7))
            heard = len(one.words)
            await asyncio.sleep(0.3)
            assert len(one.words) == heard
            await asyncio.sleep(2.0)
            await one.say(8, question)
            await eventually(lambda: n.Ended(turn_id=8) in [word for _, word in one.words])
            assert not [w for _, w in one.words[heard:] if isinstance(w, n.Media) and w.turn_id == 7]
            assert likeness(question, one.heard(8)) > 0.9

    asyncio.run(talk())


def test_a_typed_question_goes_through_the_servers_hook(fastrtc: str) -> None:
    """Whose handler then hums a tenth of a second for each of its characters."""

    async def talk() -> None:
        hook = f"http://{fastrtc}/hook/asks"
        async with conversation(offer(fastrtc, "asks"), dialect(hook=True), hook) as one:
            await one.until(n.Started)
            await one.send(n.Ask(turn_id=7, text="Hello there"))
            assert await one.until(n.Ended) == n.Ended(turn_id=7)
            assert one.heard(7).duration_s == pytest.approx(1.1, abs=0.02)
            assert [body["text"] for body in one.posted] == ["Hello there"]

    asyncio.run(talk())


def test_a_second_conversation_is_refused_and_the_first_goes_on(fastrtc: str, question: Audio) -> None:
    async def talk() -> None:
        async with conversation(offer(fastrtc, "echo"), dialect()) as one:
            await one.until(n.Started)
            async with conversation(offer(fastrtc, "echo"), dialect()) as other:
                refusal = await other.until(n.Refusal)
                assert refusal.message == "The server is full: it takes 1 at a time."
                assert await other.closed() == 1000
            await one.say(7, question)
            assert await one.until(n.Ended) == n.Ended(turn_id=7)

    asyncio.run(talk())


def test_a_second_start_ends_the_connection_and_takes_its_place_for_good(fastrtc: str) -> None:
    """FastRTC then forgets the new id and keeps the old one, so nobody is ever let in again."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, "spare"), dialect()) as one:
            await one.until(n.Started)
            await one.send_raw(STARTING)
            assert (await one.until(n.Refusal)).code == "concurrency_limit_reached"
            assert await one.closed() == 1000
        async with conversation(offer(fastrtc, "spare"), dialect()) as other:
            assert (await other.until(n.Refusal)).code == "concurrency_limit_reached"

    asyncio.run(talk())


@pytest.mark.parametrize("frame", ['{"event":"stop"}', "garbage", b"\x00\x01", "{}"])
def test_stop_and_garbage_end_the_connection_in_good_order(fastrtc: str, frame: str | bytes) -> None:
    """Which is why the dialect sends none of them."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, "echo"), dialect()) as one:
            await one.until(n.Started)
            await one.send_raw(frame)
            assert await one.closed() == 1000

    asyncio.run(talk())


def test_stop_before_start_is_a_fault_of_the_server(fastrtc: str) -> None:
    async def talk() -> None:
        async with connect(offer(fastrtc, "echo"), proxy=None) as socket:
            await socket.send('{"event":"stop"}')
            await socket.wait_closed()
            assert socket.close_code == 1006

    asyncio.run(talk())


def test_a_handler_that_broke_is_silent_while_its_socket_lives(fastrtc: str, question: Audio) -> None:
    """Nothing on the wire tells it: whoever waits for an answer has to give up, and connect anew."""

    async def talk() -> None:
        async with conversation(offer(fastrtc, "breaks"), dialect()) as one:
            await one.until(n.Started)
            for turn_id in (7, 8):
                await one.say(turn_id, question)
            await eventually(lambda: n.Taken(turn_id=8) in [word for _, word in one.words])
            await one.send_raw('{"event":"ping"}')
            await asyncio.sleep(0.5)
            assert {type(word) for _, word in one.words} == {n.Started, n.Taken, n.Transcript}
        async with conversation(offer(fastrtc, "breaks"), dialect()) as again:
            await again.until(n.Started)

    asyncio.run(talk())


def test_the_telephone_answers_as_well(fastrtc: str, question: Audio) -> None:
    async def talk() -> None:
        call = Twilio(uuid.uuid4().hex, uuid.uuid4().hex)
        async with conversation(f"ws://{fastrtc}/echo/telephone/handler", call) as one:
            await one.say(7, question)
            assert await one.until(n.Ended) == n.Ended(turn_id=7)
            assert likeness(question, one.heard(7)) > 0.9

    asyncio.run(talk())
