"""The sound on the wire: Opus, by the device's own codec."""

from __future__ import annotations

from device.ports import SoundDecoder, SoundEncoder


def encoder(rate_hz: int, frame_ms: int) -> SoundEncoder:
    """For one turn's answer."""
    raise NotImplementedError


def decoder(frame_ms: int) -> SoundDecoder:
    """For one utterance, at the pipeline's rate."""
    raise NotImplementedError
