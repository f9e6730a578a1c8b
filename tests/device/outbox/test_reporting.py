"""What System 2 is told of a turn, by which consent, and what never."""

from __future__ import annotations

from typing import Any

import pytest

from device.config import Consent
from device.contracts import Mind, Outgoing, Route, Sent
from device.outbox.reporting import Reporting
from device.record import Kind, TurnRecord


class NotedOutbox:
    """Keeps what is noted; nothing else is wanted of it here."""

    def __init__(self) -> None:
        self.noted: list[Outgoing] = []

    def note(self, item: Outgoing) -> None:
        self.noted.append(item)

    async def put(self, item: Outgoing) -> None:
        raise AssertionError("a turn that has ended waits for nothing")

    async def withdraw(self, key: str) -> bool:
        return False

    async def forget(self, since_s: float | None) -> tuple[Sent, ...]:
        return ()


ALL = {"alerts": True, "telemetry": True, "telemetry_content": True}


def record(*, in_need: str = "", heard: str = "what is rain") -> TurnRecord:
    ended = TurnRecord(3, Kind.SPOKEN, lambda: 0.0, "2026-11-21T12:00:00+00:00")
    ended.heard, ended.spoken, ended.in_need, ended.gate = heard, "water", in_need, in_need
    ended.route = Route(Mind.SYSTEM_1, "asked")
    return ended


def told(ended: TurnRecord, **consent: bool) -> list[tuple[str, dict[str, Any]]]:
    outbox = NotedOutbox()
    Reporting(outbox, Consent(**consent), lambda text: "secret" in text).ended(ended)
    return [(item.kind.value, dict(item.body)) for item in outbox.noted]


def test_without_consent_nothing_is_told() -> None:
    assert told(record(in_need="self_harm")) == []
    assert told(record(), telemetry_content=True, transcripts=True, audio_stream=True) == []


def test_telemetry_has_no_words() -> None:
    [(kind, body)] = told(record(), telemetry=True)
    assert kind == "telemetry"
    assert body["route"] == "system_1"
    assert "rain" not in str(body)
    assert "water" not in str(body)


def test_words_are_told_where_a_person_has_agreed() -> None:
    (kind, body), telemetry = told(record(), telemetry=True, telemetry_content=True)
    assert (kind, body["transcript"], body["reply"]) == ("record", "what is rain", "water")
    assert telemetry[0] == "telemetry"


@pytest.mark.parametrize("private", ["heard", "spoken"])
def test_words_that_are_to_stay_on_board_stay_on_board(private: str) -> None:
    ended = record()
    setattr(ended, private, "a secret")
    kinds = told(ended, **ALL)
    assert [kind for kind, _ in kinds] == ["telemetry"]
    assert "secret" not in str(kinds)


def test_an_alert_has_a_category_and_a_time_and_nothing_else() -> None:
    assert told(record(in_need="self_harm", heard="the words"), alerts=True) == [
        ("alert", {"category": "self_harm", "at_utc": "2026-11-21T12:00:00+00:00"})
    ]


def test_a_damaged_outbox_is_told_where_telemetry_is_allowed() -> None:
    for allowed, expected in ((True, [{"outbox": "damaged"}]), (False, [])):
        outbox = NotedOutbox()
        Reporting(outbox, Consent(telemetry=allowed), lambda text: False).outbox_lost()
        assert [item.body for item in outbox.noted] == expected
