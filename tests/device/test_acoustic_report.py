"""What was measured, in words."""

from __future__ import annotations

import json
from dataclasses import replace

from device.acoustic_report import Report
from device.audio.acoustics import Acoustics
from tests.device.test_echo_proof import PROOF, cancelled

ROOM = Acoustics(delay_s=0.083, echo_db=-12.0, noise_dbfs=-62.0, peak_dbfs=-9.0, clipped_share=0.0)
REPORT = Report("mic", "speaker", ROOM)


def test_a_room_is_told_with_figures_and_words() -> None:
    text = REPORT.as_text()
    for told in ("83 ms", "loud: comes back with -12.0 dB", "quiet: -62 dBFS", "-9 dBFS", "clipping    none"):
        assert told in text
    assert "by turns" in text
    assert REPORT.well


def test_an_echo_that_is_not_there_is_no_fault_and_a_noisy_room_is_told() -> None:
    report = replace(REPORT, room=replace(ROOM, delay_s=None, echo_db=None, noise_dbfs=-40.0))
    assert "none: headphones" in report.as_text()
    assert "noisy: -40 dBFS" in report.as_text()
    assert report.well


def test_clipping_says_what_to_do() -> None:
    report = replace(REPORT, room=replace(ROOM, clipped_share=0.02))
    assert "2.0% of the samples: set sound.gain_db lower" in report.as_text()
    assert not report.well


def test_a_proof_says_what_it_means_and_a_failed_one_what_to_do() -> None:
    good, bad = replace(REPORT, proof=PROOF), replace(REPORT, proof=cancelled(voice_dbfs=-50.0))
    assert good.well
    assert "Proven: the device does not hear itself" in good.as_text()
    assert "-62 dBFS with it: 32 dB quieter" in good.as_text()
    assert not bad.well
    assert "Not proven" in bad.as_text()
    assert "turn the speaker down" in bad.as_text()


def test_a_cancellation_that_does_not_work_is_told() -> None:
    report = replace(REPORT, not_cancelled="Echo cannot be cancelled: there is no pactl.")
    assert "there is no pactl" in report.as_text()
    assert not report.well


def test_as_json_it_is_whole() -> None:
    told = json.loads(json.dumps(replace(REPORT, proof=PROOF).as_json()))
    assert (told["well"], told["proven"]) == (True, True)
    assert told["room"]["delay_s"] == 0.083
    assert told["proof"]["cancelled"]["voice_dbfs"] == -62.0
    assert REPORT.as_json()["proven"] is None
