from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import soundfile

from device.brain.voice_level import MOST_GAIN, TARGET_LEVEL, faded, gain_to_target, limited, speech_level

RATE_HZ = 16_000


def tone(amplitude: float, seconds: float = 0.5) -> np.ndarray:
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (amplitude * np.sin(2 * np.pi * 200 * at_s)).astype(np.float32)


def test_pauses_do_not_make_speech_quieter() -> None:
    speech = tone(0.2)
    with_pauses = np.concatenate([np.zeros(RATE_HZ, np.float32), speech, np.zeros(RATE_HZ, np.float32)])
    assert speech_level(speech, RATE_HZ) == pytest.approx(0.2 / math.sqrt(2), rel=0.01)
    assert speech_level(with_pauses, RATE_HZ) == pytest.approx(speech_level(speech, RATE_HZ), rel=0.01)


@pytest.mark.parametrize(
    "sound", [np.zeros(0, np.float32), np.zeros(5, np.float32), np.zeros(RATE_HZ, np.float32)]
)
def test_silence_has_no_level_and_its_gain_is_one(sound: np.ndarray) -> None:
    assert speech_level(sound, RATE_HZ) == 0
    assert gain_to_target(0) == 1


def test_the_gain_brings_a_voice_to_the_target_within_reason() -> None:
    assert gain_to_target(TARGET_LEVEL / 2) == pytest.approx(2)
    assert gain_to_target(TARGET_LEVEL * 3) == pytest.approx(1 / 3)
    assert gain_to_target(1e-6) == MOST_GAIN


def test_the_limiter_leaves_speech_alone_and_never_reaches_full_scale() -> None:
    assert np.array_equal(limited(tone(0.69)), tone(0.69))
    assert 0.9 < np.abs(limited(tone(3))).max() <= 1
    ramp = np.linspace(-4, 4, 1001, dtype=np.float32)
    assert np.all(np.diff(limited(ramp)) >= 0)


@pytest.mark.parametrize("length", [0, 1, 2, 7, 1000])
def test_edges_are_faded_to_zero(length: int) -> None:
    sound = faded(np.ones(length, np.float32), 5)
    assert len(sound) == length
    if length > 1:
        assert sound[0] == sound[-1] == 0
    assert np.all(sound[5:-5] == 1)


def test_real_output_of_piper_needs_hardly_any_gain(shared_data: Path) -> None:
    """The yardstick: a recording that piper made is about as loud as the target."""
    samples, rate_hz = soundfile.read(shared_data / "piper" / "samples" / "test.wav", dtype="float32")
    assert 0.7 < gain_to_target(speech_level(samples, rate_hz)) < 1.5
