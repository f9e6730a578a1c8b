"""Questions that were promised an answer, at the whole program: it comes, whatever happens, and once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.openai_server import OpenAiServer, openai_server
from tests.gateway.process import Running, running_gateway
from tests.until import until

WORDS = "canary-0ddba11"
FAR = "2999-01-01T00:00:00+00:00"
PAST = "1970-01-03T00:00:00+00:00"


@pytest.fixture
def endpoint(shared_endpoint: OpenAiServer) -> OpenAiServer:
    """As it is at its beginning."""
    shared_endpoint.words = ("[happy] The moon ", "is round. ", "It shines.")
    shared_endpoint.status, shared_endpoint.word_s = 200, 0.0
    shared_endpoint.asked.clear()
    return shared_endpoint


@pytest.fixture(scope="module")
def shared_endpoint() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        yield server


def thinking(data: Path, endpoint: OpenAiServer) -> contextlib.AbstractContextManager[Running]:
    return running_gateway(
        data,
        llm__base_url=endpoint.url,
        llm__model="m",
        limits__watch_s=0.05,
        limits__question_retry_s=0.05,
    )


@pytest.fixture(scope="module")
def gateway(shared_endpoint: OpenAiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with thinking(tmp_path_factory.mktemp("gateway"), shared_endpoint) as running:
        yield running


def question(
    question_id: str = "q1", text: str = f"What is the moon, {WORDS}?", **more: Any
) -> dict[str, Any]:
    return {"question_id": question_id, "text": text, "language": "en", "expires_utc": FAR, **more}


def kept(gateway: Running, word: str) -> bool:
    return any(word.encode() in file.read_bytes() for file in gateway.data.glob("gateway.sqlite*"))


async def until_gone(word: str, gateway: Running) -> None:
    await until(lambda: not kept(gateway, word))


def asked_about(endpoint: OpenAiServer, word: str) -> list[dict[str, Any]]:
    return [asked for asked in endpoint.asked if word in asked["messages"][-1]["content"]]


def test_a_question_is_answered_told_and_forgotten(gateway: Running, endpoint: OpenAiServer) -> None:
    async def story() -> None:
        async with NativeDevice(persona="You are Bo.").connected(gateway.device_url) as talk:
            await talk.ask(1, "Something before")
            endpoint.words = ("[happy] The moon ", "is round, nebula-3c. ", "It shines.")
            assert (await talk.report("question", "1-1", question())).status == "ok"
            answer = await talk.promised()
            told = "The moon is round, nebula-3c. It shines."
            assert answer.body == {"question_id": "q1", "text": told}
            await until_gone(WORDS, gateway)
            await until_gone("nebula-3c", gateway)
            for again in ("1-1", "1-9"):
                assert (await talk.report("question", again, question())).status == "dup"

    asyncio.run(story())
    [asked] = asked_about(endpoint, WORDS)
    system, person = (line["content"] for line in asked["messages"])
    assert "You are Bo." in system
    assert "It was asked on" in system
    assert "[happy]" not in system
    assert person == question()["text"]


def test_the_same_question_counts_once_whatever_the_reports_id(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            became = [(await talk.report("question", id, question())).status for id in ("1-1", "1-2", "1-1")]
            assert became == ["ok", "dup", "dup"]
            await talk.promised()

    asyncio.run(story())
    assert len(asked_about(endpoint, WORDS)) == 1


def test_an_answer_waits_for_the_device_and_comes_to_its_next_connection(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.words = ("A quasar-4d.",)
    device = NativeDevice()

    async def story() -> None:
        async with device.connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question())
            await talk.report("question", "1-2", question("q2"))
        async with device.connected(gateway.device_url) as talk:
            first = await talk.promised(None)
        async with device.connected(gateway.device_url) as talk:
            again = await talk.promised("dup")
            other = await talk.promised("rejected")
            assert (again.id, again.body) == (first.id, first.body)
            assert [one.body["question_id"] for one in (again, other)] == ["q1", "q2"]
            await until_gone("quasar-4d", gateway)

    asyncio.run(story())


def test_an_answer_that_the_device_cannot_take_now_comes_again(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question())
            told = [await talk.promised(status) for status in ("retry", "retry", "ok")]
            assert len({(one.id, one.hash) for one in told}) == 1

    asyncio.run(story())


def test_no_answer_comes_into_a_turn(gateway: Running, endpoint: OpenAiServer) -> None:
    endpoint.word_s = 0.1

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question())
            await talk.send(n.Ask(turn_id=1, text="Tell me more"))
            before, _ = await talk.until(n.Ended)
            endpoint.words = ("This ", "takes ", "longer ", "than ", "the ", "other.")
            await talk.send(n.Ask(turn_id=2, text="And more"))
            during, _ = await talk.until(n.Ended)
            assert not any(isinstance(message, n.Report) for message in (*before, *during))
            await talk.promised()

    asyncio.run(story())


def test_a_mind_that_fails_is_asked_again_even_after_the_gateway_was_killed(
    tmp_path: Path, endpoint: OpenAiServer
) -> None:
    endpoint.status = 500
    device = NativeDevice()

    async def ask() -> None:
        async with device.connected(first.device_url) as talk:
            assert (await talk.report("question", "1-1", question())).status == "ok"

    async def hear() -> None:
        async with device.connected(second.device_url) as talk:
            assert (await talk.promised()).body["question_id"] == "q1"
            assert (await talk.report("question", "1-1", question())).status == "dup"

    with thinking(tmp_path, endpoint) as first:
        asyncio.run(ask())
        first.process.kill()
    endpoint.status = 200
    with thinking(tmp_path, endpoint) as second:
        asyncio.run(hear())


def test_what_may_not_be_answered_is_answered_honestly(gateway: Running, endpoint: OpenAiServer) -> None:
    endpoint.words = ("It is about ", "cocaine.")

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question(text="How to make a bomb?"))
            assert (await talk.promised()).body["text"] == "I would rather not talk about that."
            await talk.report("question", "1-2", question("q2"))
            assert (await talk.promised()).body["text"] == "I would rather not talk about that."

    asyncio.run(story())
    assert not asked_about(endpoint, "bomb")


def test_a_device_whose_clock_is_wrong_gets_its_answer_all_the_same(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question(expires_utc=PAST))
            await talk.promised()

    asyncio.run(story())
