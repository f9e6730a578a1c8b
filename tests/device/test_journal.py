"""What is kept of a turn, with and without consent."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from device.config import Consent
from device.contracts import AnsweredBy, Mind, Route
from device.journal import TURNS_KEPT, Journal
from device.notices import Board
from device.record import Kind, Stage, TurnRecord

CANARY = "purple giraffe"


def a_record(turn_id: int = 1) -> TurnRecord:
    record = TurnRecord(turn_id, Kind.SPOKEN, lambda: 12.0, "2026-01-01T00:00:00+00:00")
    record.mark(Stage.PRESSED, 8.0)
    record.mark(Stage.RELEASED, 10.0)
    record.mark(Stage.FIRST_AUDIO, 10.25)
    record.route = Route(Mind.SKILL, "the time skill")
    record.heard = record.spoken = record.error = CANARY
    return record


def test_without_consent_a_record_holds_times_route_and_reason_and_no_words() -> None:
    journal = Journal(Consent(), Board())
    journal.write(a_record())
    kept = journal.turns[0]
    assert CANARY not in json.dumps(kept)
    assert (kept["route"], kept["reason"]) == ("skill", "the time skill")
    assert kept["stages_ms"] == {"pressed": -2000.0, "released": 0.0, "first_audio": 250.0}


def test_with_consent_it_holds_what_was_said_and_answered() -> None:
    journal = Journal(Consent(transcripts=True), Board())
    journal.write(a_record())
    assert journal.turns[0]["transcript"] == CANARY
    assert journal.turns[0]["reply"] == CANARY


def test_the_log_has_one_line_a_turn_and_never_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        Journal(Consent(transcripts=True), Board()).write(a_record())
    assert len(caplog.records) == 1
    assert "first sound 250.0 ms" in caplog.text
    assert CANARY not in caplog.text


def test_the_log_tells_who_was_asked_and_every_fall_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    record = a_record()
    record.route = Route(Mind.SYSTEM_2, "it asks for news")
    record.answered_by(AnsweredBy(Mind.SYSTEM_1, "no words within 1.5 s"))
    with caplog.at_level(logging.INFO):
        Journal(Consent(), Board()).write(record)
    assert "system_2: it asks for news; then system_1: no words within 1.5 s; first sound" in caplog.text


def test_a_turn_without_an_answer_is_logged_as_without_a_sound(caplog: pytest.LogCaptureFixture) -> None:
    record = TurnRecord(3, Kind.SPOKEN, lambda: 12.0, "2026-01-01T00:00:00+00:00")
    with caplog.at_level(logging.INFO):
        Journal(Consent(), Board()).write(record)
    assert "turn 3: spoken, no answer; no sound" in caplog.text


def test_only_the_last_turns_are_kept() -> None:
    journal = Journal(Consent(), Board())
    for number in range(TURNS_KEPT + 5):
        journal.write(a_record(number))
    assert len(journal.turns) == TURNS_KEPT
    assert journal.turns[0]["turn_id"] == 5


def test_only_the_first_mark_of_a_stage_counts() -> None:
    record = a_record()
    record.mark(Stage.FIRST_AUDIO, 99.0)
    assert record.stages_ms["first_audio"] == 250.0


def test_turns_are_forgotten_by_when_they_ended() -> None:
    now_s = [100.0]
    journal = Journal(Consent(transcripts=True), Board(), lambda: now_s[0])
    for now_s[0] in (100.0, 200.0, 300.0):
        journal.write(a_record(int(now_s[0])))
    assert asyncio.run(journal.forget(300.0)) == 1
    assert asyncio.run(journal.forget_before(200.0)) == 1
    assert [turn["turn_id"] for turn in journal.turns] == [200]
    assert asyncio.run(journal.forget(None)) == 1
    assert journal.turns == ()
