"""The device channel at the whole program: what is kept, what counts once, what is never taken in."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from device.link import native as n
from tests.gateway.native_device import NativeDevice, raw
from tests.gateway.process import Running, running_gateway

CANARY = "canary-51c0de"
ALERT = {"category": "self_harm", "at_utc": "2026-11-21T20:00:00+00:00"}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_gateway(
        tmp_path_factory.mktemp("gateway"), scripted__word_ms=0, limits__open_questions=2
    ) as running:
        yield running


def statuses(gateway: Running, *reports: tuple[str, str, dict[str, Any]]) -> tuple[NativeDevice, list[str]]:
    """What became of reports (op, id, body) of a new device."""
    device = NativeDevice()

    async def story() -> list[str]:
        async with device.connected(gateway.device_url) as talk:
            return [(await talk.report(*report)).status for report in reports]

    return device, asyncio.run(story())


def metric(gateway: Running, name: str) -> float:
    with gateway.rest() as rest:
        found = re.search(rf"^{re.escape(name)} (\S+)$", rest.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@pytest.mark.parametrize("op", ["boot", "telemetry", "record", "message"])
def test_what_a_device_tells_is_kept_and_counts_once(gateway: Running, op: str) -> None:
    device, became = statuses(gateway, *2 * [(op, "1-1", {"b": 1, "a": {"d": 2.0, "c": None}})])
    assert became == ["ok", "dup"]
    with gateway.rest() as rest:
        [kept] = rest.get(f"/v1/devices/{device.id}/reports").json()
    assert (kept["op"], kept["body"]) == (op, {"b": 1, "a": {"d": 2.0, "c": None}})


def test_an_id_that_comes_again_with_another_body_is_rejected_and_counted(gateway: Running) -> None:
    name = 'gateway_reports_rejected_total{why="conflict"}'
    before = metric(gateway, name)
    device, became = statuses(gateway, ("record", "1-1", {"text": "one"}), ("record", "1-1", {"text": "two"}))
    assert became == ["ok", "rejected"]
    assert metric(gateway, name) == before + 1
    with gateway.rest() as rest:
        assert [one["body"] for one in rest.get(f"/v1/devices/{device.id}/reports").json()] == [
            {"text": "one"}
        ]


def test_a_hash_that_is_not_the_bodys_is_rejected_and_one_that_is_missing_is_not(gateway: Running) -> None:
    async def story() -> list[str]:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.send(
                n.Report(op="record", id="1-1", body={"a": 1}, hash=n.body_hash({"a": 2})),
                n.Report(op="record", id="1-1", body={"a": 1}),
            )
            return [(await talk.next(n.Ack)).status for _ in range(2)]

    assert asyncio.run(story()) == ["rejected", "ok"]


def test_an_alert_is_shown_to_operators_until_one_has_seen_it(gateway: Running) -> None:
    device, became = statuses(gateway, *2 * [("alert", "1-1", ALERT)])
    assert became == ["ok", "dup"]
    with gateway.rest() as rest:
        unseen = f"/v1/alerts?device_id={device.id}&unseen=true"
        [alert] = rest.get(unseen).json()
        assert (alert["category"], alert["at_utc"]) == (ALERT["category"], ALERT["at_utc"])
        for _ in range(2):
            assert rest.post(f"/v1/alerts/{alert['number']}/seen").status_code == 204
        assert rest.get(unseen).json() == []
        [seen] = rest.get("/v1/alerts", params={"device_id": device.id}).json()
        assert seen["seen_at"] is not None
        assert rest.post("/v1/alerts/999999/seen").status_code == 404
    assert metric(gateway, 'gateway_alerts_total{became="came"}') >= 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"category": "self_harm"},
        {**ALERT, "text": CANARY},
        {**ALERT, "category": f"I want {CANARY}"},
        {**ALERT, "category": "self_harm\n"},
        {**ALERT, "category": ["self_harm"]},
        {**ALERT, "at_utc": CANARY},
        {**ALERT, "at_utc": 1},
    ],
    ids=lambda body: str(sorted(body.items()))[:60],
)
def test_an_alert_with_words_in_it_is_not_taken_in(gateway: Running, body: dict[str, Any]) -> None:
    _, became = statuses(gateway, ("alert", "1-1", body))
    assert became == ["rejected"]
    assert not any(CANARY.encode() in file.read_bytes() for file in gateway.data.iterdir())


QUESTION = {"question_id": "q1", "text": "Why?", "language": "en", "expires_utc": ""}


@pytest.mark.parametrize(
    ("op", "body"),
    [
        ("dance", {}),
        ("", {}),
        ("answer", {"question_id": "q1", "text": "So."}),
        ("question", {}),
        ("question", {**QUESTION, "question_id": ""}),
        ("question", {**QUESTION, "question_id": "q" * 129}),
        ("question", {**QUESTION, "text": " \n"}),
        ("question", {**QUESTION, "text": "a" * 8001}),
        ("question", {**QUESTION, "text": {"a": "b"}}),
        ("question", {**QUESTION, "expires_utc": 1e308}),
        ("erase", {"all": "yes"}),
        ("erase", {"turns": [["s", -1]]}),
        ("erase", {"turns": ["s"]}),
        ("erase", {"reports": "1-1"}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_body_that_is_not_what_it_should_be_is_rejected(
    gateway: Running, op: str, body: dict[str, Any]
) -> None:
    _, became = statuses(gateway, (op, "1-1", body), ("message", "1-2", {}))
    assert became == ["rejected", "ok"]


@pytest.mark.parametrize(
    "frame",
    [
        raw({"event": "device", "op": "record", "id": "1-1", "body": [1]}),
        '{"event":"device","op":"record","id":"1-1","body":' + '{"a":' * 20 + "1" + "}" * 21,
        raw({"event": "device", "op": "record", "id": "1" * 129}),
        '{"event":"device","op":"record","id":"1-1","body":{"n":' + "9" * 5000 + "}}",
        raw({"event": "ack", "id": "1-1", "status": "perhaps"}),
    ],
    ids=lambda frame: frame[:60],
)
def test_what_is_no_report_at_all_ends_the_connection(gateway: Running, frame: str) -> None:
    async def story() -> int:
        async with NativeDevice().connected(gateway.device_url) as talk:
            await talk.socket.send(frame)
            return (await talk.closed())[0]

    assert asyncio.run(story()) == 4400


def test_an_alert_does_not_wait_for_other_reports(gateway: Running) -> None:
    """121 of them are too many, even if a minute ends among them."""
    messages = [("message", f"1-{at}", dict[str, Any]()) for at in range(121)]
    _, became = statuses(gateway, *messages, ("alert", "1-999", ALERT))
    assert (set(became), became[-1]) == ({"ok", "retry"}, "ok")


def test_a_device_may_have_so_many_questions_open_and_no_more(gateway: Running) -> None:
    async def story() -> list[str]:
        async with NativeDevice().connected(gateway.device_url) as talk:
            acks = [
                await talk.report("question", f"1-{at}", {**QUESTION, "question_id": f"q{at}"})
                for at in range(3)
            ]
            assert acks[-1].retry_after_s > 0
            return [ack.status for ack in acks]

    assert asyncio.run(story()) == ["ok", "ok", "retry"]
