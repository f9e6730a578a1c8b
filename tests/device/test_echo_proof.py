"""When a device is known not to hear itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from device.app import echo_free
from device.audio.open_sound import OpenSound
from device.echo_proof import FILE, EchoProof, OwnVoice, keep, proven

HEARD = OwnVoice(voice_dbfs=-30.0, noise_dbfs=-70.0, likeness=0.95)
CANCELLED = OwnVoice(voice_dbfs=-62.0, noise_dbfs=-72.0, likeness=0.2)
PROOF = EchoProof("mic", "speaker", 85, HEARD, CANCELLED, "2026-01-01T00:00:00+00:00")


def without(**changed: float) -> EchoProof:
    return replace(PROOF, without=replace(HEARD, **changed))


def cancelled(**changed: float) -> EchoProof:
    return replace(PROOF, cancelled=replace(CANCELLED, **changed))


@pytest.mark.parametrize(
    "proof",
    [PROOF, cancelled(voice_dbfs=-50.0, noise_dbfs=-52.0)],
    ids=["far quieter", "lost in the noise"],
)
def test_it_is_proven_where_the_own_voice_was_heard_and_then_vanished(proof: EchoProof) -> None:
    assert proof.why_not == ""


@pytest.mark.parametrize(
    ("proof", "why"),
    [
        (cancelled(voice_dbfs=-50.0), "25 dB quieter"),
        (without(voice_dbfs=-68.0), "turn the speaker on"),
        (without(likeness=0.3), "while nobody speaks"),
        (cancelled(voice_dbfs=-20.0), "while nobody speaks"),
        (cancelled(voice_dbfs=-96.0, noise_dbfs=-96.0), "no sound at all"),
    ],
    ids=["not enough", "the speaker is off", "a person, first", "a person, then", "a deaf microphone"],
)
def test_it_is_not_proven_and_says_what_to_do(proof: EchoProof, why: str) -> None:
    assert why in proof.why_not


def test_a_muted_speaker_and_a_person_who_talks_first_prove_nothing() -> None:
    """As loud as its own voice, and gone in the second measurement: only the rhythm tells."""
    assert without(likeness=0.34).why_not


def test_it_counts_for_these_devices_only_and_not_when_they_may_be_louder(tmp_path: Path) -> None:
    keep(PROOF, tmp_path / "state")
    assert proven(tmp_path / "state", "mic", "speaker", 85)
    assert proven(tmp_path / "state", "mic", "speaker", 40)
    assert not proven(tmp_path / "state", "mic", "speaker", 86)
    assert not proven(tmp_path / "state", "mic", "another speaker", 85)
    assert not proven(tmp_path / "state", "another mic", "speaker", 85)
    assert not proven(tmp_path, "mic", "speaker", 85)


def test_the_latest_measurement_counts(tmp_path: Path) -> None:
    keep(PROOF, tmp_path)
    keep(cancelled(voice_dbfs=-40.0), tmp_path)
    assert not proven(tmp_path, "mic", "speaker", 85)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"microphone": 1}', "\0"])
def test_a_damaged_file_proves_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    assert not proven(tmp_path, "mic", "speaker", 85)


def test_the_proof_holds_only_while_the_echo_of_those_very_devices_is_cancelled(tmp_path: Path) -> None:
    """A sound server that is started anew may come back without its module, or with another default."""
    keep(PROOF, tmp_path)
    cancelling = Cancelling(("mic", "speaker"))
    sound = OpenSound(None, None, cancelling)  # type: ignore[arg-type]
    proven_now = echo_free(sound, tmp_path, 85)
    assert proven_now()
    for others in (None, ("another mic", "speaker")):
        cancelling.masters = others
        assert not proven_now()
    cancelling.masters = ("mic", "speaker")
    assert proven_now()
    assert not echo_free(sound, tmp_path, 86)()


class Cancelling:
    """As much of an `EchoFreeLibrary` as tells whose echo it cancels."""

    def __init__(self, masters: tuple[str, str] | None) -> None:
        self.masters = masters
