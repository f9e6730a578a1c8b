"""The proof that a device does not hear itself: measured on these very devices, or it does not count."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

PROVEN_DB = 25.0
"""By so much its own voice must come back quieter with echo cancellation than without."""
NEAR_NOISE_DB = 3.0
"""Or as near to the room's noise; and without cancellation it must have stood out of it."""
FILE = "echo.json"


@dataclass(frozen=True, slots=True)
class EchoProof:
    """What `twominds doctor --acoustic` measured with echo cancellation, and on what."""

    microphone: str
    speaker: str
    before_dbfs: float
    """The device's own voice in its microphone, without cancellation."""
    after_dbfs: float
    noise_dbfs: float
    measured_utc: str

    @property
    def holds(self) -> bool:
        if self.before_dbfs - self.noise_dbfs <= NEAR_NOISE_DB:
            return False
        quieter = self.before_dbfs - self.after_dbfs >= PROVEN_DB
        return quieter or self.after_dbfs - self.noise_dbfs <= NEAR_NOISE_DB


def keep(proof: EchoProof, state: Path) -> None:
    """Raises OSError."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    (state / FILE).write_text(json.dumps(asdict(proof)) + "\n", "utf-8")


def proven(state: Path, microphone: str, speaker: str) -> bool:
    """Whether the device that these two belong to was measured, and did not hear itself."""
    try:
        proof = EchoProof(**json.loads((state / FILE).read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    return proof.holds and (proof.microphone, proof.speaker) == (microphone, speaker)
