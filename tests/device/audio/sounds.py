"""Sounds that the tests make themselves."""

from __future__ import annotations

import numpy as np

from device.contracts import FRAME_BYTES, FRAME_MS, RATE_HZ, Audio, Frame


def tone(hertz: float, seconds: float, rate_hz: int = RATE_HZ, amplitude: float = 8_000) -> Audio:
    phase = 2 * np.pi * hertz * np.arange(round(seconds * rate_hz)) / rate_hz
    return Audio((amplitude * np.sin(phase)).astype(np.int16).tobytes(), rate_hz)


def samples(audio: Audio) -> np.ndarray:
    return np.frombuffer(audio.pcm, np.int16).astype(float)


def frames(audio: Audio) -> list[Frame]:
    """The whole frames of 16 kHz audio, from time 0 on."""
    whole = len(audio.pcm) // FRAME_BYTES
    return [
        Frame(audio.pcm[index * FRAME_BYTES : (index + 1) * FRAME_BYTES], index * FRAME_MS / 1000)
        for index in range(whole)
    ]
