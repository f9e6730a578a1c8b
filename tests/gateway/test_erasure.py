"""What a device wants forgotten is forgotten: in the bytes of the files, and in what a mind is told."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk
from tests.gateway.openai_server import OpenAiServer, openai_server
from tests.gateway.process import Running, running_gateway
from tests.until import until

FAR = "2999-01-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[OpenAiServer]:
    with openai_server() as server:
        yield server


@pytest.fixture(scope="module")
def gateway(endpoint: OpenAiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        tmp_path_factory.mktemp("gateway"),
        llm__base_url=endpoint.url,
        llm__model="m",
        limits__watch_s=0.05,
        limits__question_retry_s=0.05,
    ) as running:
        yield running


def kept(gateway: Running, word: str) -> bool:
    return any(word.encode() in file.read_bytes() for file in gateway.data.glob("gateway.sqlite*"))


def question(question_id: str, word: str) -> dict[str, Any]:
    return {"question_id": question_id, "text": f"{word}?", "language": "en", "expires_utc": FAR}


async def tell_turns(talk: Talk, word: str) -> None:
    """Three, with this word."""
    for turn_id in range(1, 4):
        await talk.send(n.Ask(turn_id=turn_id, text=f"{word} turn{turn_id}. " + "Yes or no? " * 300))
        await talk.until(n.Ended)


async def tell_reports(talk: Talk, word: str) -> None:
    """A record, a message, a question and an alert, with this word where words are allowed."""
    for op, id in (("record", "1-1"), ("message", "1-2")):
        assert (await talk.report(op, id, {"text": f"{word} {id}"})).status == "ok"
    assert (await talk.report("question", "1-3", question("q1", word))).status == "ok"
    alert = {"category": "self_harm", "at_utc": "2026-11-21T20:00:00+00:00"}
    assert (await talk.report("alert", "1-4", alert)).status == "ok"


async def tell_of_both(endpoint: OpenAiServer, *told: tuple[Talk, str]) -> None:
    """Turns and reports of each; the mind is away when the questions come, so that they wait."""
    endpoint.status = 200
    for talk, word in told:
        await tell_turns(talk, word)
    endpoint.status = 500
    for talk, word in told:
        await tell_reports(talk, word)


def test_everything_of_a_device_is_erased_and_nothing_of_another(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    device, other = NativeDevice(), NativeDevice()

    async def story() -> None:
        async with (
            other.connected(gateway.device_url) as theirs,
            device.connected(gateway.device_url) as talk,
        ):
            await tell_of_both(endpoint, (theirs, "saffron-1"), (talk, "turmeric-2"))
            assert kept(gateway, "turmeric-2")
            assert (await talk.report("erase", "1-5", {"all": True})).status == "ok"
            assert not kept(gateway, "turmeric-2")
            assert (await talk.report("erase", "1-5", {"all": True})).status == "dup"
            for op, id, body in (
                ("record", "1-1", {"text": "turmeric-2 1-1"}),
                ("question", "1-3", question("q1", "turmeric-2")),
                ("question", "1-8", question("q1", "turmeric-2")),
            ):
                assert (await talk.report(op, id, body)).status == "dup"
            assert not kept(gateway, "turmeric-2")
            assert (await talk.report("record", "1-9", {"text": "new"})).status == "ok"
        assert kept(gateway, "saffron-1")

    asyncio.run(story())
    with gateway.rest() as rest:
        assert rest.get("/v1/alerts", params={"device_id": device.id}).json() == []
        assert len(rest.get("/v1/alerts", params={"device_id": other.id}).json()) == 1
        assert [one["id"] for one in rest.get(f"/v1/devices/{device.id}/reports").json()] == ["1-9"]
        erased = rest.delete(f"/v1/devices/{other.id}/data").json()
    assert erased == {"rows": 3 + 1 + 4 + 1}, "turns, the session, reports, the question"
    assert not kept(gateway, "saffron-1")


def test_what_is_listed_is_erased_and_the_rest_stays(gateway: Running, endpoint: OpenAiServer) -> None:
    async def story() -> None:
        async with (
            NativeDevice().connected(gateway.device_url) as theirs,
            NativeDevice().connected(gateway.device_url) as talk,
        ):
            session_id = talk.started.session_id
            await tell_of_both(endpoint, (theirs, "cumin-3"), (talk, "nutmeg-4"))
            erasure = {
                "turns": [[session_id, 2], [session_id, 99], [theirs.started.session_id, 1]],
                "reports": ["1-1", "2-7"],
                "questions": ["q1", "q7"],
            }
            assert (await talk.report("erase", "1-5", erasure)).status == "ok"
            gone = ("nutmeg-4 turn2", "nutmeg-4 1-1", "nutmeg-4?")
            assert not any(kept(gateway, word) for word in gone)
            stays = ("nutmeg-4 turn1", "nutmeg-4 turn3", "nutmeg-4 1-2", "cumin-3 turn1", "cumin-3?")
            assert all(kept(gateway, word) for word in stays)
            assert (await talk.report("record", "2-7", {"text": "late"})).status == "dup", "it was on its way"
            assert (await talk.report("question", "2-8", question("q7", "late"))).status == "dup"

    asyncio.run(story())


def test_a_session_under_way_no_longer_knows_what_was_erased(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    endpoint.status, endpoint.word_s = 200, 0.0

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.ask(1, "My name is clove-5")
            await talk.ask(2, "I like pepper-6")
            assert "clove-5" in str(endpoint.asked[-1])
            await talk.report("erase", "1-1", {"turns": [[talk.started.session_id, 1]]})
            await talk.ask(3, "Who am I?")
            assert "clove-5" not in str(endpoint.asked[-1])
            assert "pepper-6" in str(endpoint.asked[-1])

    asyncio.run(story())


def test_an_answer_under_way_ends_and_leaves_nothing_behind(gateway: Running, endpoint: OpenAiServer) -> None:
    endpoint.status, endpoint.word_s = 200, 0.1

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question("q1", "ginger-7"))
            await talk.send(n.Ask(turn_id=1, text="I am anise-8"))
            await talk.until(n.Text)
            await talk.send(n.Report(op="erase", id="1-2", body={"all": True}))
            assert (await talk.until(n.Ended))[1].reason == "cleared"
            assert (await talk.until(n.Ack))[1] == n.Ack(id="1-2")
            await talk.send(n.Said(turn_id=1, text="The moon is anise-8."))
            endpoint.word_s = 0.0
            before, _ = await talk.report_and_all_before("message", "1-3", {})
            assert before == []
            await asyncio.sleep(0.8)  # longer than the answer to the question would have taken
            before, _ = await talk.report_and_all_before("message", "1-4", {})
            assert before == [], "no answer comes"
            assert not any(kept(gateway, word) for word in ("ginger-7", "anise-8"))

    asyncio.run(story())


def test_an_answer_that_waits_for_its_device_is_erased_too(gateway: Running, endpoint: OpenAiServer) -> None:
    endpoint.status, endpoint.word_s, endpoint.words = 200, 0.0, ("It is vanilla-9.",)

    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("question", "1-1", question("q1", "why"))
            answer = await talk.promised(None)
            await talk.report("erase", "1-2", {"questions": ["q1"]})
            assert not kept(gateway, "vanilla-9")
            await talk.send(n.Ack(id=answer.id, status="retry", retry_after_s=0.1))
            await asyncio.sleep(0.5)
            before, _ = await talk.report_and_all_before("message", "1-3", {})
            assert before == []

    asyncio.run(story())


def test_while_the_log_cannot_be_emptied_erasing_is_not_acknowledged_as_done(
    gateway: Running, endpoint: OpenAiServer
) -> None:
    async def story() -> None:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.report("record", "1-1", {"text": "fennel-10"})
            with contextlib.closing(sqlite3.connect(gateway.database)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT * FROM reports").fetchall()
                assert (await talk.report("erase", "1-2", {"all": True})).status == "retry"
            await until(lambda: not kept(gateway, "fennel-10"))
            assert (await talk.report("erase", "1-2", {"all": True})).status == "dup"

    asyncio.run(story())
