"""What `twominds doctor --acoustic` has measured, in words for a person and as JSON for a program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from device.audio.acoustics import Acoustics
from device.echo_proof import EchoProof

LOUD_ECHO_DB = -20.0
"""Louder, and a reply is as loud in the microphone as a person one metre away."""
NOISY_DBFS = -50.0
"""A voice at one metre gives some -35 dBFS: less than 15 dB over the noise is hard to understand."""
CLIPS_SHARE = 1e-4
"""A sample in a tone's peak now and then is nothing."""


@dataclass(frozen=True, slots=True)
class Report:
    """`proof` and `not_cancelled` stay empty where the settings do not want echo cancellation."""

    microphone: str
    speaker: str
    room: Acoustics
    proof: EchoProof | None = None
    not_cancelled: str = ""
    """Why echo cancellation could not be switched on."""

    @property
    def clips(self) -> bool:
        return self.room.clipped_share > CLIPS_SHARE

    @property
    def well(self) -> bool:
        """Nothing has to be done."""
        return not (self.clips or self.not_cancelled or (self.proof and self.proof.why_not))

    def as_json(self) -> dict[str, Any]:
        """Levels in dBFS or dB, times in seconds."""
        proven = not self.proof.why_not if self.proof else None
        return {**asdict(self), "well": self.well, "proven": proven}

    def as_text(self) -> str:
        return "\n".join([*self._of_the_room(), *self._of_the_voice()])

    def _of_the_room(self) -> Iterator[str]:
        room = self.room
        yield f"microphone  {self.microphone}"
        yield f"speaker     {self.speaker}"
        yield ""
        if room.delay_s is None or room.echo_db is None:
            yield "delay       unknown: the tone did not come back"
            yield "echo        none: headphones, or is the speaker off?"
        else:
            yield f"delay       {room.delay_s * 1000:.0f} ms from speaker to microphone, all buffers included"
            loud = "loud" if room.echo_db > LOUD_ECHO_DB else "quiet"
            yield f"echo        {loud}: comes back with {room.echo_db:+.1f} dB"
        noisy = "noisy" if room.noise_dbfs > NOISY_DBFS else "quiet"
        yield f"room        {noisy}: {room.noise_dbfs:.0f} dBFS while nothing sounded"
        yield f"level       {room.peak_dbfs:.0f} dBFS at the loudest moment of the tone"
        yield f"clipping    {_clipping(room.clipped_share) if self.clips else 'none'}"

    def _of_the_voice(self) -> Iterator[str]:
        yield ""
        if self.not_cancelled:
            yield f"Echo cancellation is wanted, and does not work here. {self.not_cancelled}"
        elif self.proof is None:
            yield "Echo cancellation is off, so the device listens and speaks by turns."
        else:
            yield from _proof(self.proof)


def _clipping(share: float) -> str:
    return f"{share:.1%} of the samples: set sound.gain_db lower, or the microphone's volume"


def _proof(proof: EchoProof) -> Iterator[str]:
    yield f"own voice   {proof.without.voice_dbfs:.0f} dBFS without echo cancellation"
    quieter = f"{proof.quieter_db:.0f} dB quieter" if proof.quieter_db > 0 else "no quieter"
    yield f"            {proof.cancelled.voice_dbfs:.0f} dBFS with it: {quieter}"
    yield ""
    if proof.why_not:
        yield "Not proven: the device goes on listening and speaking by turns."
        yield proof.why_not
    else:
        yield "Proven: the device does not hear itself, and when it is interrupted it listens at once."
        yield "This holds for these two devices, where they are now. Measure again when you move them."
