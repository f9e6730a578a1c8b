"""When a device is known not to hear itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from device.echo_proof import FILE, EchoProof, keep, proven

PROOF = EchoProof("mic", "speaker", -30.0, -62.0, -70.0, "2026-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("proof", "holds"),
    [
        (PROOF, True),
        (replace(PROOF, after_dbfs=-50.0), False),
        (replace(PROOF, after_dbfs=-50.0, noise_dbfs=-52.0), True),
        (replace(PROOF, before_dbfs=-69.0, after_dbfs=-69.5), False),
    ],
    ids=["far quieter", "not quiet enough", "lost in the noise", "it was never heard at all"],
)
def test_it_holds_only_where_the_own_voice_was_heard_and_then_vanished(proof: EchoProof, holds: bool) -> None:
    assert proof.holds is holds


def test_it_counts_for_these_devices_only(tmp_path: Path) -> None:
    keep(PROOF, tmp_path / "state")
    assert proven(tmp_path / "state", "mic", "speaker")
    assert not proven(tmp_path / "state", "mic", "another speaker")
    assert not proven(tmp_path, "mic", "speaker")


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"microphone": 1}', "\0"])
def test_a_damaged_file_proves_nothing(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    assert not proven(tmp_path, "mic", "speaker")
