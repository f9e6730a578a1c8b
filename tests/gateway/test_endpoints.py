"""The gateway with minds, ears and voices at endpoints of OpenAI's protocol: they stream, stall, fail."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator

import pytest

from device.audio.opus import OpusDecoder, OpusEncoder
from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk
from tests.gateway.openai_server import OpenAiServer, openai_server
from tests.gateway.process import Running, running_gateway

KEY = "a-key-nobody-sees"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(endpoint: OpenAiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "key").write_text(KEY)
    settings: dict[str, str | float] = {
        "llm__key_file": str(folder / "key"),
        "llm__first_words_s": 0.6,
        "llm__system_prompt": "Be brief.",
        "stt__engine": "remote",
        "tts__engine": "remote",
        "safety__engine": "moderation",
        "safety__deadline_s": 0.6,
    }
    for table in ("llm", "stt", "tts", "safety"):
        settings |= {f"{table}__base_url": endpoint.url, f"{table}__model": "m"}
    with running_gateway(folder / "data", **settings) as running:
        yield running


@pytest.fixture(autouse=True)
def well_behaved(endpoint: OpenAiServer) -> None:
    """As it is at first, whatever the test before made of it."""
    fresh = OpenAiServer()
    for name in (
        "words",
        "word_s",
        "status",
        "stalls",
        "garbage",
        "deltas",
        "calls",
        "heard",
        "flagged",
        "speech_s",
    ):
        setattr(endpoint, name, getattr(fresh, name))
    endpoint.asked.clear()
    endpoint.sent_words = 0


async def answer(talk: Talk, ask: n.Ask) -> tuple[list[n.FromSystem2], n.Ended]:
    await talk.send(ask)
    return await talk.until(n.Ended)


def words(messages: list[n.FromSystem2]) -> str:
    return "".join(message.text for message in messages if isinstance(message, n.Text))


def test_the_model_is_told_who_it_is_what_was_said_and_what_to_go_on_from(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    device = NativeDevice(persona="You like stars.", character="Ada", audience="child")

    async def story() -> None:
        async with device.connected(gateway.device_url) as talk:
            assert await talk.ask(1, "What is the moon?") == "The moon is round. It shines."
            await answer(talk, n.Ask(turn_id=2, text="And the sun?", already_said="Let me see."))

    asyncio.run(story())
    system, *conversation = endpoint.asked[1]["messages"]
    for part in ("Be brief.", "You like stars.", "Ada", "child", "Let me see.", "repeat nothing"):
        assert part in system["content"]
    assert [(line["role"], line["content"]) for line in conversation] == [
        ("user", "What is the moon?"),
        ("assistant", "The moon is round. It shines."),
        ("user", "And the sun?"),
    ]


def test_a_tool_is_called_at_the_device_and_its_result_told_to_the_model(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.calls = [("gesture", '{"gesture": "nod"}'), ("unlock_door", "{}"), ("gesture", "[1")]

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "tools") as talk:
            await talk.send(n.Ask(turn_id=1, text="Do you agree?"))
            _, call = await talk.until(n.ToolCall)
            assert dict(call.arguments) == {"gesture": "nod"}
            await talk.send(n.ToolResult(turn_id=1, id=call.id, ok=False, result="the neck is stuck"))
            before, ended = await talk.until(n.Ended)
            assert not any(isinstance(message, n.ToolCall) for message in before)
            assert ended.reason == "done"

    asyncio.run(story())
    told = [line["content"] for line in endpoint.asked[-1]["messages"] if line["role"] == "tool"]
    assert told == ["the neck is stuck", "There is no tool unlock_door.", "The arguments are not JSON."]


def test_barge_in_stops_the_model(gateway: Running, endpoint: OpenAiServer) -> None:
    endpoint.words, endpoint.word_s = ("word. ",) * 400, 0.02

    async def story() -> int:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(n.Ask(turn_id=1, text="Go on"))
            await talk.until(n.Text)
            await talk.send(n.Clear(turn_id=1))
            await talk.until(n.Ended)
            await asyncio.sleep(0.3)
            return endpoint.sent_words

    assert asyncio.run(story()) < 100


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ({"stalls": True}, "did not judge|did not answer|rather not"),
        ({"status": 500}, "rather not"),
        ({"garbage": True}, "endpoint failed"),
    ],
)
def test_an_endpoint_in_trouble_ends_the_turn_with_a_sentence(
    gateway: Running, endpoint: OpenAiServer, trouble: dict[str, object], sentence: str
) -> None:
    for name, value in trouble.items():
        setattr(endpoint, name, value)

    async def story() -> n.Ended:
        async with NativeDevice().connected(gateway.device_url) as talk:
            return (await answer(talk, n.Ask(turn_id=1, text="Hello?")))[1]

    ended = asyncio.run(story())
    assert ended.reason in ("failed", "refused")
    assert re.search(sentence, ended.message), ended


def test_an_answer_is_judged_clause_by_clause_before_it_is_sent(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.words, endpoint.flagged = ("Good. ", "Bad thing. ", "Good again."), "Bad"

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            before, ended = await answer(talk, n.Ask(turn_id=1, text="Hello?"))
            assert words(before) == "Good. "
            assert ended.reason == "refused"

    asyncio.run(story())


def call(name: str, arguments: str, index: int = 0) -> dict[str, object]:
    """A piece of an answer that calls a tool."""
    return {"tool_calls": [{"index": index, "id": "c", "function": {"name": name, "arguments": arguments}}]}


@pytest.mark.parametrize(
    ("deltas", "sentence"),
    [
        pytest.param([{"content": ["no", "words"]}], "Something is wrong", id="words that are none"),
        pytest.param([{"tool_calls": [{"index": 0, "function": {"name": 5}}]}], "", id="a name that is none"),
        pytest.param([call("open_door", "{}")], "says nothing", id="the same call again and again"),
        pytest.param([call("gesture", "[" * 1500)], "says nothing", id="deep arguments"),
        pytest.param([call("gesture", '{"gesture": {"a": {}}}')], "says nothing", id="nested arguments"),
        pytest.param([call("gesture", f'{{"gesture": {"9" * 400}}}')], "says nothing", id="a huge number"),
        pytest.param([call("gesture", "x" * 3000)], "more of a tool", id="long arguments"),
        pytest.param([call("gesture", "{}", at) for at in range(9)], "more of a tool", id="many calls"),
        pytest.param([{"content": "on and on. " * 100}] * 20, "no end", id="words without end"),
    ],
)
def test_whatever_a_model_answers_the_connection_stays_and_the_next_question_is_answered(
    gateway: Running, endpoint: OpenAiServer, deltas: list[dict[str, object]], sentence: str
) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "tools") as talk:
            endpoint.deltas = deltas
            before, ended = await answer(talk, n.Ask(turn_id=1, text="Hello?"))
            assert ended.reason == "failed"
            assert sentence in ended.message
            assert not any(isinstance(message, n.ToolCall) for message in before)
            endpoint.deltas = []
            assert await talk.ask(2, "And now?") == "The moon is round. It shines."

    asyncio.run(story())
    assert len(endpoint.asked) <= 10


def test_a_question_that_was_refused_is_neither_remembered_nor_told_to_the_model_later(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.flagged = "Bad"

    async def story() -> str:
        async with NativeDevice().connected(gateway.device_url) as talk:
            _, ended = await answer(talk, n.Ask(turn_id=1, text="Bad question?"))
            assert ended.reason == "refused"
            await talk.ask(2, "Hello?")
            return talk.started.session_id

    session_id = asyncio.run(story())
    assert [line["content"] for line in endpoint.asked[-1]["messages"][1:]] == ["Hello?"]
    with gateway.rest() as rest:
        (turn,) = rest.get(f"/v1/sessions/{session_id}/history").json()
        assert turn["question"] == "Hello?"
        refused = rest.post("/v1/chat", json={"text": "Bad question?"}).json()
        assert (refused["text"], refused["refused"]) == ("", True)
        assert rest.get(f"/v1/sessions/{refused['session_id']}/history").json() == []


def test_an_answer_comes_as_sound_clause_by_clause_and_no_sooner_than_it_is_due(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.speech_s = 2.0

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url, "audio_out") as talk:
            began_s = time.monotonic()
            before, ended = await answer(talk, n.Ask(turn_id=1, text="Speak"))
            took_s = time.monotonic() - began_s
            assert ended.reason == "done"
            kinds = "".join({n.Text: "t", n.Media: "."}.get(type(message), "?") for message in before)
            assert re.fullmatch(r"\?t\.+t\.+", kinds), kinds
            packets = [message for message in before if isinstance(message, n.Media)]
            decoder = OpusDecoder(24000)
            sounds = [decoder.decode(packet.number, packet.packet) for packet in packets]
            length_s = sum(sound.duration_s for sound in sounds if sound)
            assert 3.9 < length_s < 4.3
            assert took_s > 0.5, "three seconds are sent ahead, no more"

    asyncio.run(story())


def test_what_is_spoken_is_heard_transcribed_and_answered(gateway: Running, endpoint: OpenAiServer) -> None:
    async def story(answer_at_once: bool) -> None:
        async with NativeDevice().connected(gateway.device_url, "audio_in") as talk:
            await talk.send(n.Begin(turn_id=1, answer=answer_at_once))
            encoder = OpusEncoder()
            for number, packet in [*encoder.encode(b"\x10\x20" * 16000), *encoder.finish()]:
                await talk.send(n.Media(1, number, packet))
            await talk.send(n.End(turn_id=1))
            _, heard = await talk.until(n.Transcript)
            assert (heard.text, heard.final) == ("what is the moon", True)
            if not answer_at_once:
                await talk.send(n.Ask(turn_id=1))
            before, ended = await talk.until(n.Ended)
            assert isinstance(before[0], n.Taken)
            assert words(before).startswith("The moon")
            assert ended.reason == "done"

    asyncio.run(story(True))
    asyncio.run(story(False))
    assert endpoint.asked[0]["wav_bytes"] > 32000, "a second of sound arrived"
    assert endpoint.asked[1]["messages"][-1]["content"] == "what is the moon"


def test_sound_that_is_none_ends_the_connection(gateway: Running) -> None:
    async def story() -> tuple[int, str]:
        async with NativeDevice().connected(gateway.device_url, "audio_in") as talk:
            await talk.send(n.Begin(turn_id=1), n.Media(1, 0, b"\xff" * 50))
            return await talk.closed()

    assert asyncio.run(story())[0] == 4400


def test_the_metrics_tell_latencies_turns_and_tokens_but_no_device_and_no_key(gateway: Running) -> None:
    device = NativeDevice()

    async def story() -> None:
        async with device.connected(gateway.device_url) as talk:
            await talk.ask(1, "Hello?")

    asyncio.run(story())
    with gateway.rest() as rest:
        page = rest.get("/metrics").text
    assert re.search(r'gateway_turns_total\{reason="done"\} [1-9]', page)
    assert re.search(r"gateway_first_words_seconds_count [1-9]", page)
    assert re.search(r'gateway_tokens_total\{kind="answer"\} [1-9]', page)
    assert device.id not in page
    assert KEY not in page
