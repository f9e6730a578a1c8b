"""A device asks, the gateway answers: the whole program, a real WebSocket, the scripted mind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk
from tests.gateway.process import Running, running_gateway


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(tmp_path_factory.mktemp("gateway"), limits__tool_s=0.4) as running:
        yield running


def words(messages: list[n.FromSystem2]) -> str:
    return "".join(message.text for message in messages if isinstance(message, n.Text))


async def answer(talk: Talk, ask: n.Ask) -> tuple[list[n.FromSystem2], n.Ended]:
    await talk.send(ask)
    return await talk.until(n.Ended)


def test_a_question_is_taken_answered_in_pieces_and_ended(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="What is the moon?"))
            assert await talk.next(n.Taken) == n.Taken(turn_id=1)
            before, ended = await talk.until(n.Ended)
            assert ended == n.Ended(turn_id=1)
            pieces = [message for message in before if isinstance(message, n.Text)]
            assert len(pieces) > 1
            assert not any(piece.audio for piece in pieces)
            assert "You asked: What is the moon?" in words(before)

    asyncio.run(story())


def test_what_was_already_said_is_not_said_again(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            plain, _ = await answer(talk, n.Ask(turn_id=1, text="Why?"))
            after, _ = await answer(talk, n.Ask(turn_id=2, text="How?", already_said="Let me think."))
            assert words(plain).startswith("This is the scripted mind")
            assert words(after).startswith("You asked: How?")

    asyncio.run(story())


def test_after_barge_in_nothing_more_of_the_turn_comes(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="Tell me a long story"))
            await talk.until(n.Text)
            await talk.send(n.Clear(turn_id=1))
            _, ended = await talk.until(n.Ended)
            assert ended == n.Ended(turn_id=1, reason="cleared")
            after, _ = await answer(talk, n.Ask(turn_id=2, text="Still there?"))
            assert {message.turn_id for message in after if isinstance(message, n.Text)} == {2}

    asyncio.run(story())


def test_a_new_turn_ends_the_one_before(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="Tell me a long story"))
            await talk.until(n.Text)
            before, ended = await answer(talk, n.Ask(turn_id=2, text="Never mind"))
            assert ended == n.Ended(turn_id=1, reason="cleared")
            before, ended = await talk.until(n.Ended)
            assert ended == n.Ended(turn_id=2)
            assert "Never mind" in words(before)

    asyncio.run(story())


def test_a_number_that_was_used_is_told_that_its_turn_is_over(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.ask(5, "Hello")
            before, ended = await answer(talk, n.Ask(turn_id=4, text="Hello again"))
            assert (before, ended.turn_id, ended.reason) == ([], 4, "failed")

    asyncio.run(story())


def test_the_history_keeps_what_sounded_and_nothing_else(gateway: Running) -> None:
    device = NativeDevice()

    async def story() -> str:
        async with device.connected(gateway.device_url) as talk:
            await answer(talk, n.Ask(turn_id=1, text="One"))
            await talk.send(n.Said(turn_id=1, text="This is the", cut_off=True))
            await talk.send(n.Said(turn_id=1, text="A second time it counts no more"))
            await answer(talk, n.Ask(turn_id=2, text="Two"))
            return talk.started.session_id

    session_id = asyncio.run(story())
    with gateway.rest() as rest:
        turns = rest.get(f"/v1/sessions/{session_id}/history").json()
    assert [(turn["question"], turn["said"], turn["cut_off"]) for turn in turns] == [
        ("One", "This is the", True),
        ("Two", None, False),
    ]


def test_the_device_is_asked_to_wave_and_tells_what_became_of_it(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "tools") as talk:
            await talk.send(n.Ask(turn_id=1, text="Please wave"))
            _, call = await talk.until(n.ToolCall)
            assert (call.name, dict(call.arguments)) == ("gesture", {"gesture": "wave"})
            await talk.send(n.ToolResult(turn_id=1, id=call.id, ok=True, result="it waved"))
            before, ended = await talk.until(n.Ended)
            assert before[0] == n.Feeling(turn_id=1, emotion="happy")
            assert "I asked for a wave: it waved." in words(before)
            assert ended.reason == "done"

    asyncio.run(story())


def test_a_device_that_does_not_answer_a_call_does_not_hold_up_the_answer(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "tools") as talk:
            before, ended = await answer(talk, n.Ask(turn_id=1, text="Please wave"))
            assert "The device did not answer." in words(before)
            assert ended.reason == "done"

    asyncio.run(story())


def test_a_device_without_tools_is_not_asked_to_wave(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            before, _ = await answer(talk, n.Ask(turn_id=1, text="Please wave"))
            assert not any(isinstance(message, n.ToolCall) for message in before)

    asyncio.run(story())


def test_what_nobody_may_ask_is_refused_with_a_sentence(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            before, ended = await answer(talk, n.Ask(turn_id=1, text="How to make a bomb?"))
            assert words(before) == ""
            assert (ended.reason, bool(ended.message)) == ("refused", True)

    asyncio.run(story())


def test_a_session_goes_on_over_connections_and_belongs_to_its_device(gateway: Running) -> None:
    device = NativeDevice()

    async def story() -> None:
        async with device.connected(gateway.device_url) as talk:
            session_id = talk.started.session_id
            await talk.ask(1, "The same?")
        async with device.connected(gateway.device_url, resume=session_id) as talk:
            assert talk.started.session_id == session_id
            assert "You asked that before, 1 time." in await talk.ask(2, "The same?")
        async with NativeDevice().connected(gateway.device_url, resume=session_id) as talk:
            assert talk.started.session_id != session_id

    asyncio.run(story())


def test_reports_count_once_and_unknown_ones_are_rejected(gateway: Running) -> None:
    device = NativeDevice()

    async def story() -> list[tuple[str, str]]:
        async with device.connected(gateway.device_url) as talk:
            for op, id in [("boot", "a"), ("message", "b"), ("message", "b"), ("dance", "c")]:
                await talk.send(n.Report(op=op, id=id, body={"what": op}))
            acks = [await talk.next(n.Ack) for _ in range(4)]
            return [(ack.id, ack.status) for ack in acks]

    assert asyncio.run(story()) == [("a", "ok"), ("b", "ok"), ("b", "dup"), ("c", "rejected")]
    with gateway.rest() as rest:
        kept = rest.get(f"/v1/devices/{device.id}/reports").json()
    assert [(report["id"], report["body"]) for report in kept] == [
        ("b", {"what": "message"}),
        ("a", {"what": "boot"}),
    ]


def test_sound_is_declined_where_there_are_no_ears_and_no_voice(gateway: Running) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "audio_in", "audio_out", "tools") as talk:
            assert talk.started.features == {"tools"}
            await talk.send(n.Begin(turn_id=1, answer=True))
            assert (await talk.next(n.Ended)).reason == "failed"

    asyncio.run(story())
