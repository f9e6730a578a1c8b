"""Two processes on one database: what one of them knows, the other knows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice
from tests.gateway.process import Running, running_gateway

Two = tuple[Running, Running]


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    data = tmp_path_factory.mktemp("shared")
    with (
        running_gateway(data, limits__watch_s=0.2) as one,
        running_gateway(data, limits__watch_s=0.2) as other,
    ):
        yield one, other


def test_they_share_the_token(two: Two) -> None:
    one, other = two
    with one.rest() as rest:
        assert rest.get(f"{other.url}/v1/devices").status_code == 200


def test_a_session_goes_on_at_the_other(two: Two) -> None:
    one, other = two
    device = NativeDevice()

    async def story() -> str:
        async with device.connected(one.device_url) as talk:
            session_id = talk.started.session_id
            await talk.ask(1, "Again?")
        async with device.connected(other.device_url, resume=session_id) as talk:
            assert talk.started.session_id == session_id
            return await talk.ask(2, "Again?")

    assert "You asked that before, 1 time." in asyncio.run(story())


def test_the_newest_connection_wins_wherever_it_is(two: Two) -> None:
    one, other = two
    device = NativeDevice()

    async def story() -> None:
        async with device.connected(one.device_url) as older, device.connected(other.device_url) as newer:
            async with asyncio.timeout(3):
                assert (await older.closed())[0] == 4409
            await newer.ask(1, "Still here?")

    asyncio.run(story())


def test_a_revocation_at_one_ends_the_connection_at_the_other(two: Two) -> None:
    one, other = two
    device = NativeDevice()

    async def story() -> None:
        async with device.connected(one.device_url) as talk:
            with other.rest() as rest:
                rest.post(f"/v1/devices/{device.id}/revoke").raise_for_status()
            async with asyncio.timeout(3):
                assert (await talk.closed())[0] == 4403

    asyncio.run(story())


def test_a_report_counts_once_wherever_it_comes(two: Two) -> None:
    device = NativeDevice()

    async def told(gateway: Running) -> str:
        async with device.connected(gateway.device_url) as talk:
            await talk.send(n.Report(op="message", id="once"))
            return (await talk.next(n.Ack)).status

    assert [asyncio.run(told(gateway)) for gateway in (*two, two[0])] == ["ok", "dup", "dup"]


def test_a_promised_question_is_answered_by_one_of_them_and_told_by_the_one_that_the_device_is_at(
    two: Two,
) -> None:
    one, other = two
    device = NativeDevice()
    asked = [f"q{at}" for at in range(6)]

    async def story() -> list[str]:
        async with device.connected(one.device_url) as talk:
            for question_id in asked:
                body = {"question_id": question_id, "text": "Why?"}
                assert (await talk.report("question", question_id, body)).status == "ok"
        async with device.connected(other.device_url) as talk:
            return [(await talk.promised()).body["question_id"] for _ in asked]

    assert sorted(asyncio.run(story())) == asked
    assert sum(answered(gateway) for gateway in two) == len(asked)


def answered(gateway: Running) -> float:
    """Promised questions that this process has answered."""
    with gateway.rest() as rest:
        found = re.search(r'gateway_questions_total{became="answered"} (\S+)', rest.get("/metrics").text)
    return float(found[1]) if found else 0.0
