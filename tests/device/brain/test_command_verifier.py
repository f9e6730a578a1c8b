"""The verifier: its file, its confidence, what becomes of a transcript."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from device.brain.command_decoder import NOTHING, Decoded
from device.brain.command_evidence import Evidence
from device.brain.command_verifier import Verifier, load_verifier
from device.brain.stt_pocketsphinx import judged

EVIDENCE = Evidence(fit=-5.0, free_fit=-4.0, phones_wrong=0.4)
VERIFIER = Verifier((1.0, 0.0, 0.0), bias=5.0, accept_from=0.3, certain_from=0.6, trained_on="nothing")


def test_the_verifier_that_ships_prefers_what_fits() -> None:
    verifier = load_verifier()
    assert 0 < verifier.accept_from < verifier.certain_from < 1
    before = verifier.confidence(EVIDENCE)
    assert verifier.confidence(replace(EVIDENCE, fit=-8.0)) < before
    assert verifier.confidence(replace(EVIDENCE, phones_wrong=0.9)) < before
    assert verifier.confidence(replace(EVIDENCE, fit=-5000.0)) == pytest.approx(0)


@pytest.mark.parametrize(
    ("fit", "text", "certain"),
    [(0.0, "stop", True), (-5.0, "stop", False), (-9.0, "", False)],
)
def test_a_transcript_is_certain_unsure_or_rejected(fit: float, text: str, certain: bool) -> None:
    transcript = judged(Decoded("stop", replace(EVIDENCE, fit=fit), loud=True), VERIFIER)
    assert (transcript.text, transcript.certain, transcript.speech) == (text, certain, True)


def test_nothing_heard_is_no_speech_and_nothing_that_fits_is() -> None:
    assert not judged(NOTHING, VERIFIER).speech
    assert judged(Decoded("", None, loud=True), VERIFIER).speech


def test_a_file_that_is_no_verifier_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "verifier.json"
    file.write_text('{"weights": [1.0]}')
    with pytest.raises(msgspec.ValidationError):
        load_verifier(file)


def test_an_urgent_sentence_is_believed_long_before_others() -> None:
    doubtful = Decoded("stop", replace(EVIDENCE, fit=-7.5), loud=True)
    assert VERIFIER.confidence(replace(EVIDENCE, fit=-7.5)) < VERIFIER.accept_from
    assert judged(doubtful, VERIFIER).text == ""
    assert judged(doubtful, VERIFIER, urgent=frozenset({"stop"})).text == "stop"
    hopeless = Decoded("stop", replace(EVIDENCE, fit=-50.0), loud=True)
    assert judged(hopeless, VERIFIER, urgent=frozenset({"stop"})).text == ""
