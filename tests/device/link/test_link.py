"""The link and a System 2 on loopback: from the greeting to the last word."""

from __future__ import annotations

import asyncio
import contextlib
import itertools

import pytest

from device.contracts import (
    FRAME_BYTES,
    Audio,
    Emotion,
    Express,
    Frame,
    Gesture,
    Perform,
    Question,
    Say,
    Spoken,
    Transcript,
)
from device.errors import LinkError, MindError, NoSystem2, SttError
from device.jobs import still_running
from device.link import native as n
from device.link.address import socket_address
from device.link.dialect import Step
from device.link.native_dialect import NativeDialect, Wish
from device.link.turns import Rules
from tests.device.link.scripted import Device, Peer, Signer, answer, device, gateway, running
from tests.until import until

WHY = Question(7, "Why?", "en")
HEARD = b"12345678"


def frames(count: int) -> list[Frame]:
    return [Frame(HEARD * (FRAME_BYTES // 8), 0.02 * number) for number in range(count)]


async def ended(peer: Peer) -> tuple[n.Begin, list[n.Media]]:
    """An utterance's sound, from its beginning to its end."""
    begin = await peer.hears()
    assert isinstance(begin, n.Begin)
    media = []
    while isinstance(word := await peer.hears(), n.Media):
        media.append(word)
    assert word == n.End(turn_id=begin.turn_id)
    return begin, media


async def asked(peer: Peer) -> n.Ask:
    """The next question; what was said about the one before is passed over."""
    while not isinstance(word := await peer.hears(), n.Ask):
        assert isinstance(word, n.Clear | n.Said | n.Begin | n.Media | n.ToolResult), word
    return word


async def stay(peer: Peer) -> None:
    """Listen until the device is gone."""
    with contextlib.suppress(Exception):
        while True:
            await peer.hears()


def test_a_question_is_answered_word_by_word() -> None:
    async def script(peer: Peer) -> None:
        ask = await asked(peer)
        assert (ask.text, ask.already_said) == ("Why?", "Let me think.")
        await peer.say(n.Taken(turn_id=ask.turn_id), n.Text(turn_id=ask.turn_id, text="Because "))
        await peer.say(n.Text(turn_id=ask.turn_id, text="so."), n.Ended(turn_id=ask.turn_id))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            question = Question(7, "Why?", "en", already_said="Let me think.")
            assert await answer(made.link, question) == [Say("Because "), Say("so.")]
            assert made.link.health.first_words_s is not None
            assert made.link.health.round_trip_s is not None
            assert made.way.sent_bytes["text"] > 0
            assert made.way.sent_bytes["control"] > 0
            assert "audio" not in made.way.sent_bytes

    asyncio.run(story())


def test_without_a_connection_there_is_no_answer_at_once() -> None:
    async def story() -> None:
        made = device("ws://127.0.0.1:9/")
        with pytest.raises(NoSystem2, match="is being called"):
            await answer(made.link, WHY)
        with pytest.raises(NoSystem2):
            made.link.listen()
        with pytest.raises(NoSystem2):
            await made.link.report(n.Report(op="telemetry", id="1"))
        made.link.spoken(7, "Hello.", cut_off=False)

    asyncio.run(story())


def test_an_answer_in_sound_comes_with_its_words() -> None:
    async def script(peer: Peer) -> None:
        turn_id = (await asked(peer)).turn_id
        await peer.say(
            n.Feeling(turn_id=turn_id, emotion="happy"),
            n.Text(turn_id=turn_id, text="Hello.", audio=True),
            n.Media(turn_id, 0, b"ab"),
            n.Media(turn_id, 1, b"cd"),
            n.Ended(turn_id=turn_id),
        )
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url, wants_sound=True)) as made:
            await made.up()
            assert await answer(made.link, WHY) == [
                Express(Emotion.HAPPY),
                Spoken("Hello.", Audio(b"abcd", 24000)),
            ]

    asyncio.run(story())


def test_after_a_barge_in_nothing_of_the_old_turn_is_heard() -> None:
    async def script(peer: Peer) -> None:
        old = (await asked(peer)).turn_id
        await peer.say(n.Text(turn_id=old, text="Old.", audio=True), n.Media(old, 0, b"ol"))
        while (word := await peer.hears()) != n.Clear(turn_id=old):
            assert isinstance(word, n.ToolResult)
        new = (await asked(peer)).turn_id
        assert new > old
        flood = [n.Media(old, number, b"ol") for number in range(1, 200)]
        await peer.say(*flood[:100], n.Text(turn_id=old, text="Old."))
        await peer.say(n.Text(turn_id=new, text="New.", audio=True))
        await peer.say(
            *flood[100:], n.ToolCall(turn_id=old, id="t", name="gesture", arguments={"gesture": "nod"})
        )
        await peer.say(n.Media(new, 0, b"ne"), n.Ended(turn_id=old), n.Ended(turn_id=new))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url, wants_sound=True)) as made:
            await made.up()
            first = made.link.ask(WHY)
            assert isinstance(await anext(first), Spoken)
            await first.aclose()
            assert await answer(made.link, Question(8, "And now?", "en")) == [
                Spoken("New.", Audio(b"ne", 24000))
            ]
            assert made.link.strays == 202

    asyncio.run(story())


def test_a_new_question_ends_the_one_before() -> None:
    async def script(peer: Peer) -> None:
        old = (await asked(peer)).turn_id
        assert await peer.hears() == n.Clear(turn_id=old)
        new = (await asked(peer)).turn_id
        await peer.say(n.Text(turn_id=new, text="New."), n.Ended(turn_id=new))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            old, new = await asyncio.gather(
                answer(made.link, WHY),
                answer(made.link, Question(8, "And now?", "en")),
                return_exceptions=True,
            )
            assert isinstance(old, MindError)
            assert "something else" in str(old)
            assert new == [Say("New.")]

    asyncio.run(story())


def test_what_was_really_said_is_told_for_turns_that_it_was_asked_in() -> None:
    said: list[n.FromDevice] = []

    async def script(peer: Peer) -> None:
        turn_id = (await asked(peer)).turn_id
        await peer.say(n.Text(turn_id=turn_id, text="Because so."), n.Ended(turn_id=turn_id))
        said.append(await peer.hears())
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            await answer(made.link, WHY)
            made.link.spoken(6, "Something else.", cut_off=False)
            made.link.spoken(7, "Because", cut_off=True)
            made.link.spoken(7, "Because", cut_off=True)
            await until(lambda: bool(said))
            assert said == [n.Said(turn_id=1, text="Because", cut_off=True)]

    asyncio.run(story())


def test_tools_are_done_in_their_place_and_answered() -> None:
    results: list[n.FromDevice] = []

    async def script(peer: Peer) -> None:
        turn_id = (await asked(peer)).turn_id
        await peer.say(
            n.Text(turn_id=turn_id, text="Hi! gesture(wave) <tool>stop</tool>"),
            n.ToolCall(turn_id=turn_id, id="a", name="gesture", arguments={"gesture": "wave"}),
            n.ToolCall(turn_id=turn_id, id="b", name="format_disk"),
            n.Ended(turn_id=turn_id),
        )
        results.extend([await peer.hears(), await peer.hears()])
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            items = await answer(made.link, WHY)
            assert items == [Say("Hi! gesture(wave) <tool>stop</tool>"), Perform(Gesture.WAVE)]
            await until(lambda: len(results) == 2)
            assert results[0] == n.ToolResult(turn_id=1, id="a", ok=True)
            assert isinstance(results[1], n.ToolResult)
            assert not results[1].ok

    asyncio.run(story())


def test_the_one_stop_can_be_pulled_from_afar() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(n.Halt())
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await until(lambda: made.halts == [True])

    asyncio.run(story())


# --- sound on its way up ---------------------------------------------------------------------------


def test_an_utterance_is_heard_while_it_is_spoken_and_asked_about_without_words() -> None:
    async def script(peer: Peer) -> None:
        begin = await peer.hears()
        assert begin == n.Begin(turn_id=1)
        for number in range(3):
            assert await peer.hears() == n.Media(1, number, HEARD)
        await peer.say(n.Transcript(turn_id=1, text="Why is", final=False))
        assert await peer.hears() == n.Media(1, 3, HEARD)
        assert await peer.hears() == n.End(turn_id=1)
        await peer.say(n.Transcript(turn_id=1, text=" Why is it so? ", confidence=0.9))
        assert await peer.hears() == n.Ask(turn_id=1, already_said="Hm.")
        await peer.say(n.Text(turn_id=1, text="So."), n.Ended(turn_id=1))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            assert made.link.health.hears
            listening = made.link.listen()
            for frame in frames(9):
                listening.feed(frame)
            await until(lambda: listening.partial == "Why is")
            listening.feed(frames(1)[0])
            heard = await listening.finish()
            assert heard == Transcript("Why is it so?", "system 2", confidence=0.9, heard_as=1)
            await listening.abandon()
            question = Question(7, heard.text, "en", heard_as=heard.heard_as, already_said="Hm.")
            assert await answer(made.link, question) == [Say("So.")]
            await listening.abandon()
            assert made.way.sent_bytes["audio"] == 4 * (6 + len(HEARD))

    asyncio.run(story())


def test_where_it_answers_at_once_nothing_has_to_be_asked() -> None:
    async def script(peer: Peer) -> None:
        begin, _ = await ended(peer)
        assert begin.answer
        await peer.say(
            n.Transcript(turn_id=1, text="Why?"), n.Text(turn_id=1, text="So."), n.Ended(turn_id=1)
        )
        assert await peer.hears() == n.Said(turn_id=1, text="So.")
        await stay(peer)

    async def story() -> None:
        rules = Rules(hears=True, answers_at_once=True)
        async with gateway(script) as url, running(device(url, rules=rules)) as made:
            await made.up()
            listening = made.link.listen()
            for frame in frames(10):
                listening.feed(frame)
            heard = await listening.finish()
            question = Question(7, heard.text, "en", heard_as=heard.heard_as)
            assert await answer(made.link, question) == [Say("So.")]
            made.link.spoken(7, "So.", cut_off=False)
            first_words_s = made.link.health.first_words_s
            assert first_words_s is not None
            assert first_words_s < 2

    asyncio.run(story())


def test_an_utterance_that_nobody_wants_is_cleared_and_the_next_is_heard() -> None:
    async def script(peer: Peer) -> None:
        assert await peer.hears() == n.Begin(turn_id=1)
        assert await peer.hears() == n.Clear(turn_id=1)
        begin, _ = await ended(peer)
        assert begin.turn_id == 2
        await peer.say(n.Transcript(turn_id=1, text="Old."), n.Transcript(turn_id=2, text="New."))
        assert await peer.hears() == n.Clear(turn_id=2)
        assert await peer.hears() == n.Begin(turn_id=3)
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            first = made.link.listen()
            await first.abandon()
            await first.abandon()
            first.feed(frames(1)[0])
            with pytest.raises(SttError):
                await first.finish()
            second = made.link.listen()
            assert (await second.finish()).text == "New."
            await second.abandon()
            made.link.listen()
            await asyncio.sleep(0.05)
            assert made.link.health.up

    asyncio.run(story())


def test_what_was_heard_and_not_asked_about_is_cleared_when_the_turn_is_over() -> None:
    async def script(peer: Peer) -> None:
        await ended(peer)
        await peer.say(n.Transcript(turn_id=1, text="Tea, please."))
        assert await peer.hears() == n.Clear(turn_id=1)
        await peer.say(n.Ended(turn_id=1, reason="cleared"))
        assert await peer.hears() == n.Begin(turn_id=2)
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            heard = await made.link.listen().finish()
            made.link.spoken(7, "Your tea is ready.", cut_off=True)
            with pytest.raises(NoSystem2, match="has not heard"):
                await answer(made.link, Question(7, "", "en", heard_as=heard.heard_as))
            later = made.link.listen()
            made.link.spoken(8, "", cut_off=False)
            later.feed(frames(1)[0])
            await asyncio.sleep(0.05)
            assert made.link.health.up

    asyncio.run(story())


def test_that_nobody_spoke_is_nothing_to_ask_about() -> None:
    async def script(peer: Peer) -> None:
        await ended(peer)
        await peer.say(n.Transcript(turn_id=1, text=" "))
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            assert await made.link.listen().finish() == Transcript("", "system 2")

    asyncio.run(story())


def test_without_consent_no_sound_is_sent() -> None:
    async def script(peer: Peer) -> None:
        assert "audio_in" not in peer.hello.features
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url, rules=Rules())) as made:
            await made.up()
            assert not made.link.health.hears
            with pytest.raises(NoSystem2, match="does not listen"):
                made.link.listen()

    asyncio.run(story())


# --- a connection's end ----------------------------------------------------------------------------


async def broken_off(made: Device) -> None:
    began_s = asyncio.get_running_loop().time()
    with pytest.raises(MindError, match="lost in the middle"):
        await answer(made.link, WHY)
    assert asyncio.get_running_loop().time() - began_s < 2


def test_an_answer_breaks_off_at_once_when_the_link_is_lost() -> None:
    async def script(peer: Peer) -> None:
        await asked(peer)
        peer.socket.transport.abort()

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            await broken_off(made)
            assert not made.link.health.up
            assert "lost" in made.link.health.why
            await made.up()

    asyncio.run(story())


def test_an_utterance_breaks_off_at_once_when_the_link_is_lost() -> None:
    async def script(peer: Peer) -> None:
        await ended(peer)
        peer.socket.transport.abort()

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            listening = made.link.listen()
            with pytest.raises(SttError, match="lost while somebody spoke"):
                await listening.finish()

    asyncio.run(story())


def test_a_session_goes_on_and_what_was_said_meanwhile_is_told() -> None:
    resumed: list[str] = []
    said: list[n.FromDevice] = []

    async def script(peer: Peer) -> None:
        resumed.append(peer.hello.resume)
        if not peer.hello.resume:
            turn_id = (await asked(peer)).turn_id
            await peer.say(n.Text(turn_id=turn_id, text="So."), n.Ended(turn_id=turn_id))
            await peer.socket.close(1012)
            return
        said.append(await peer.hears())
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            assert await answer(made.link, WHY) == [Say("So.")]
            await until(lambda: not made.link.health.up)
            assert "restarted" in made.link.health.why
            made.link.spoken(7, "So.", cut_off=False)
            await made.up()
            await until(lambda: bool(said))
            assert resumed == ["", "s1"]
            assert said == [n.Said(turn_id=1, text="So.")]

    asyncio.run(story())


def test_a_gateway_that_goes_down_may_finish_its_turn() -> None:
    connections: list[Peer] = []

    async def script(peer: Peer) -> None:
        connections.append(peer)
        if len(connections) > 1:
            return await stay(peer)
        turn_id = (await asked(peer)).turn_id
        await peer.say(n.Drain(retry_after_s=0.2), n.Text(turn_id=turn_id, text="Still "))
        await asyncio.sleep(0.1)
        await peer.say(n.Text(turn_id=turn_id, text="here."), n.Ended(turn_id=turn_id))
        await stay(peer)
        return None

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            answering = made.link.ask(WHY)
            assert await anext(answering) == Say("Still ")
            await until(lambda: not made.link.health.up)
            with pytest.raises(NoSystem2, match="restarted"):
                await answer(made.link, Question(8, "More?", "en"))
            assert [item async for item in answering] == [Say("here.")]
            await made.up()
            assert len(connections) == 2

    asyncio.run(story())


def test_a_link_that_ends_leaves_no_thread_behind() -> None:
    async def story() -> None:
        async with gateway(stay) as url, running(device(url)) as made:
            await made.up()
            assert made.way.opened == 1
            await until(lambda: not any("System 2" in thread for thread in still_running()))

    asyncio.run(story())


class FallsOver(NativeDialect):
    """It has a fault of its own: a stop from afar breaks it."""

    def received(self, frame: str | bytes) -> Step:
        if "halt" in str(frame):
            raise ZeroDivisionError
        return super().received(frame)


def test_a_link_that_falls_over_is_told_to_be_away_at_once() -> None:
    async def script(peer: Peer) -> None:
        await peer.say(n.Halt())
        await stay(peer)

    async def story() -> None:
        async with gateway(script) as url:
            host = socket_address(url).host_header
            made = device(url, dialect=lambda session: FallsOver(Wish(), Signer(), host, session))
            with pytest.raises(ZeroDivisionError):
                await made.link.run()
            assert [health.up for health in made.healths] == [True, False]

    asyncio.run(story())


def test_whoever_looks_is_told_of_every_change() -> None:
    async def script(peer: Peer) -> None:
        await asked(peer)
        await peer.socket.close(4403)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            with pytest.raises(MindError):
                await answer(made.link, WHY)
            await until(lambda: "register it there" in made.link.health.why)
            ups = [health.up for health in made.healths]
            assert ups[0]
            assert not ups[-1]
            assert all(before != after for before, after in itertools.pairwise(made.healths))

    asyncio.run(story())


# --- beside the conversation -----------------------------------------------------------------------


def test_a_start_is_reported_once_however_often_it_connects() -> None:
    reports: list[n.Report] = []
    connections = [0]

    async def script(peer: Peer) -> None:
        connections[0] += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                word = n.from_device(await peer.socket.recv())
                assert isinstance(word, n.Report)
                reports.append(word)
                await peer.say(n.Ack(id=word.id, status="retry" if len(reports) == 1 else "ok"))
                await asyncio.sleep(0.05)
        peer.socket.transport.abort()

    async def story() -> None:
        async with gateway(script) as url, running(device(url)):
            await until(lambda: connections[0] == 3, 10)

    asyncio.run(story())
    assert [report.op for report in reports] == ["boot", "boot"]
    assert reports[0].id == reports[1].id


def test_reports_are_acknowledged_either_way() -> None:
    acks: list[n.FromDevice] = []

    async def script(peer: Peer) -> None:
        await peer.say(*2 * [n.Report(op="config.set", id="c1")], n.Report(op="x", id="c2"))
        while True:
            word = n.from_device(await peer.socket.recv())
            if isinstance(word, n.Report):
                await peer.say(n.Ack(id=word.id, status="rejected" if word.op == "x" else "ok"))
            elif word is not None:
                acks.append(word)

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            assert (await made.link.report(n.Report(op="telemetry", id="1"))).status == "ok"
            assert (await made.link.report(n.Report(op="x", id="2"))).status == "rejected"
            await until(lambda: len(acks) == 3)
            assert [ack.status for ack in acks if isinstance(ack, n.Ack)] == 3 * ["rejected"]

    asyncio.run(story())


def test_a_report_does_not_wait_for_a_link_that_is_lost() -> None:
    async def script(peer: Peer) -> None:
        while True:
            word = n.from_device(await peer.socket.recv())
            if isinstance(word, n.Report) and word.op != "boot":
                return peer.socket.transport.abort()

    async def story() -> None:
        async with gateway(script) as url, running(device(url)) as made:
            await made.up()
            with pytest.raises(LinkError, match="lost before"):
                await made.link.report(n.Report(op="telemetry", id="1"))

    asyncio.run(story())
