"""The proof that a device does not hear itself: measured on these very devices, or it does not count."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from device.audio.level import FLOOR_DBFS

PROVEN_DB = 25.0
"""By so much its own voice must come back quieter with echo cancellation than without."""
NEAR_NOISE_DB = 3.0
"""Or as near to the room's noise."""
HEARD_DB = 15.0
"""So far above the noise it must have stood without, or there was nothing to cancel."""
ITS_OWN = 0.7
"""And be like what was played: another voice reached 0.34, one 6 dB louder than its own 0.63; its own in a
room with reverberation and noise 0.89 (30 mixtures each with people's recorded speech)."""
FILE = "echo.json"


@dataclass(frozen=True, slots=True)
class OwnVoice:
    """The device's own voice, as its microphone heard it."""

    voice_dbfs: float
    """The RMS of its loudest second."""
    noise_dbfs: float
    """RMS of the room before it, by the same way."""
    likeness: float
    """Of what was heard to what was played, 0 to 1."""


@dataclass(frozen=True, slots=True)
class EchoProof:
    """What `twominds doctor --acoustic` measured, and on what."""

    microphone: str
    speaker: str
    loudest: int
    """The setting, 0 to 100, that it was measured at."""
    without: OwnVoice
    cancelled: OwnVoice
    measured_utc: str

    @property
    def quieter_db(self) -> float:
        return self.without.voice_dbfs - self.cancelled.voice_dbfs

    @property
    def why_not(self) -> str:
        """Why it proves nothing, in a sentence for a person; empty: it is proven.

        Somebody's voice in the second measurement counts as the device's own: that only makes it harder.
        """
        before, after = self.without, self.cancelled
        if before.voice_dbfs - before.noise_dbfs < HEARD_DB:
            return (
                "Even without echo cancellation its own voice hardly stood out of the noise: turn the "
                "speaker on and up, or wait until the room is quiet."
            )
        if before.likeness < ITS_OWN:
            return "Something else was heard besides its own voice: measure again while nobody speaks."
        if after.voice_dbfs <= FLOOR_DBFS < before.noise_dbfs:
            return "With echo cancellation the microphone gave no sound at all, so nothing is known."
        if self.quieter_db < PROVEN_DB and after.voice_dbfs - after.noise_dbfs > NEAR_NOISE_DB:
            return (
                f"{PROVEN_DB:.0f} dB quieter, or as quiet as the room, would be enough: turn the speaker "
                "down, move it away from the microphone, or measure again while nobody speaks."
            )
        return ""


def keep(proof: EchoProof, state: Path) -> None:
    """The only one that is kept, whether it proves anything or not. Raises OSError."""
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    (state / FILE).write_bytes(msgspec.json.encode(proof))


def proven(state: Path, microphone: str, speaker: str, loudest: int) -> bool:
    """Whether the device that these two belong to was measured, as loud at least, and did not hear itself."""
    try:
        proof = msgspec.json.decode((state / FILE).read_bytes(), type=EchoProof)
    except (OSError, msgspec.MsgspecError):
        return False
    same = (proof.microphone, proof.speaker) == (microphone, speaker)
    return same and loudest <= proof.loudest and not proof.why_not
