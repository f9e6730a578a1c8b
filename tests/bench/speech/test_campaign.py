"""A sample of the campaign, with loose floors: recognition that breaks shows here."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.speech.attempts import Attempt, attempts
from bench.speech.curve import NOT_SPEECH, is_synthetic
from device.brain.command_evidence import Evidence
from device.brain.command_verifier import load_verifier


@pytest.fixture(scope="module")
def found(shared_data: Path) -> list[Attempt]:
    if shutil.which("espeak-ng") is None:
        pytest.skip("needs espeak-ng to speak the commands")
    return attempts(half=0, voices=12, every=6, longest_s=8.0)


def accepted(found: list[Attempt]) -> int:
    verifier = load_verifier()
    judged = [verifier.confidence(Evidence(*attempt.evidence)) for attempt in found if attempt.evidence]
    return sum(confidence >= verifier.accept_from for confidence in judged)


def test_clean_synthetic_commands_are_heard_and_accepted(found: list[Attempt]) -> None:
    right = [attempt for attempt in found if is_synthetic(attempt) and attempt.right]
    assert len(right) >= 5
    assert accepted(right) >= 0.6 * len(right)


def test_sentences_of_people_are_heard_and_accepted(found: list[Attempt]) -> None:
    said = [attempt for attempt in found if attempt.said is not None and not is_synthetic(attempt)]
    right = [attempt for attempt in said if attempt.right]
    assert len(right) >= 0.5 * len(said) > 0
    assert accepted(right) >= 0.6 * len(right)


def test_most_speech_outside_the_grammar_is_rejected(found: list[Attempt]) -> None:
    outside = [attempt for attempt in found if attempt.said is None and attempt.kind not in NOT_SPEECH]
    assert len(outside) >= 20
    assert accepted(outside) <= 0.25 * len(outside)


def test_no_recording_takes_long(found: list[Attempt]) -> None:
    """CPU time, so that a busy machine does not matter; 0.13 of the sound's duration was measured."""
    assert max(attempt.took_s / max(attempt.seconds, 1.0) for attempt in found) < 1.0
