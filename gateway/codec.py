"""The sound on the wire: Opus, by the device's own codec."""

from __future__ import annotations

from device.audio.opus import RATES_HZ, OpusDecoder, OpusEncoder, load_opus
from device.contracts import RATE_HZ
from device.ports import SoundDecoder, SoundEncoder

USUAL_HZ = 24_000


def rate_for(wanted_hz: int) -> int:
    """The rate of the answers' sound: as wanted, where Opus has it."""
    return wanted_hz if wanted_hz in RATES_HZ else USUAL_HZ


def encoder(rate_hz: int, frame_ms: int) -> SoundEncoder:
    """For one turn's answer."""
    return OpusEncoder(rate_hz, frame_ms=frame_ms)


def check() -> None:
    """Raises EngineMissing where the codec's library is not installed."""
    load_opus()


def decoder() -> SoundDecoder:
    """For one utterance, at the pipeline's rate."""
    return OpusDecoder(RATE_HZ)
