"""Rooms that are made here: a delay, an echo, reverberation, noise, clipping, and nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from device.audio.acoustics import analyse, likeness, loudest_dbfs, sweep
from device.audio.level import measure
from device.contracts import RATE_HZ

BEFORE_S, AFTER_S = 0.5, 1.6
RNG = np.random.default_rng(7)


def room(response: np.ndarray, noise_rms: float = 0.0) -> tuple[bytes, bytes]:
    """What a microphone gives before and after the sweep, in a room with this impulse response."""
    played = np.frombuffer(sweep().pcm, np.int16).astype(float)
    heard = np.zeros(int(AFTER_S * RATE_HZ))
    arrived = np.convolve(played, response)[: len(heard)]
    heard[: len(arrived)] = arrived
    before = np.zeros(int(BEFORE_S * RATE_HZ))
    return tuple(_int16(x + RNG.normal(0, noise_rms, len(x)) if noise_rms else x) for x in (before, heard))  # type: ignore[return-value]


def _int16(samples: np.ndarray) -> bytes:
    return bytes(np.clip(np.rint(samples), -32_768, 32_767).astype(np.int16).tobytes())


def echo(delay_s: float, gain: float) -> np.ndarray:
    response = np.zeros(int(delay_s * RATE_HZ) + 1)
    response[-1] = gain
    return response


@pytest.mark.parametrize("delay_s", [0.0, 0.012, 0.09, 0.4])
@pytest.mark.parametrize("gain", [1.0, 0.1, 0.01])
def test_delay_and_echo_of_a_plain_path_are_found(delay_s: float, gain: float) -> None:
    found = analyse(*room(echo(delay_s, gain), noise_rms=3))
    assert found.delay_s == pytest.approx(delay_s, abs=0.001)
    assert found.echo_db == pytest.approx(20 * np.log10(gain), abs=1.5)


def test_reverberation_counts_as_echo_and_the_first_arrival_as_delay() -> None:
    tail = RNG.normal(0, 0.03, int(0.2 * RATE_HZ)) * np.exp(-np.arange(int(0.2 * RATE_HZ)) / 800)
    response = np.concatenate([echo(0.05, 0.4), tail])
    found = analyse(*room(response))
    energy_db = 10 * np.log10(np.sum(response**2))
    assert found.delay_s == pytest.approx(0.05, abs=0.001)
    assert found.echo_db == pytest.approx(energy_db, abs=2)


def test_an_echo_is_found_under_noise_that_is_louder_than_it() -> None:
    before, after = room(echo(0.08, 0.02), noise_rms=300)
    found = analyse(before, after)
    assert found.delay_s == pytest.approx(0.08, abs=0.001)
    assert found.noise_dbfs == pytest.approx(-40.8, abs=0.3)


@pytest.mark.parametrize("noise_rms", [0.0, 3.0, 1000.0])
def test_no_echo_is_made_up_where_there_is_none(noise_rms: float) -> None:
    found = analyse(*room(np.zeros(1), noise_rms))
    assert found.delay_s is None
    assert found.echo_db is None


def test_clipping_is_told() -> None:
    assert analyse(*room(echo(0.02, 6.0))).clipped_share > 0.2
    assert analyse(*room(echo(0.02, 1.0))).clipped_share == 0


def test_the_sweep_itself_is_a_second_long_does_not_clip_and_ends_in_silence() -> None:
    made = sweep()
    assert made.duration_s == pytest.approx(1)
    assert measure(made.pcm).peak_dbfs == pytest.approx(-9.1, abs=0.2)
    assert abs(np.frombuffer(made.pcm, np.int16)[-1]) < 100


def test_of_nothing_nothing_is_made_up() -> None:
    assert analyse(b"", b"").delay_s is None


# --- the device's own voice ----------------------------------------------------------------------


def speech(seed: int, seconds: float = 8.0) -> np.ndarray:
    """Noise in syllables and pauses of its own."""
    rng = np.random.default_rng(seed)
    loudness = np.repeat(rng.choice([0.0, 0.2, 1.0], size=int(seconds / 0.2)), RATE_HZ // 5)
    return np.asarray(rng.normal(0, 2_000, len(loudness)) * loudness)


def heard(own: np.ndarray, delay_s: float = 0.3) -> np.ndarray:
    late = np.concatenate([np.zeros(int(delay_s * RATE_HZ)), own])
    return np.concatenate([late, np.zeros(RATE_HZ)])


def test_its_own_voice_is_known_by_its_rhythm_at_any_delay_quiet_reverberant_and_in_noise() -> None:
    own = speech(1)
    tail = RNG.normal(0, 1, RATE_HZ // 2) * np.exp(-np.arange(RATE_HZ // 2) / 800)
    reverberant = np.convolve(heard(own), tail / np.sqrt(np.sum(tail**2)))
    for room in (
        heard(own),
        heard(own, 0.9) * 0.02,
        reverberant,
        heard(own) + RNG.normal(0, 200, len(heard(own))),
    ):
        assert likeness(_int16(own), _int16(room)) > 0.75


@pytest.mark.parametrize("seed", range(2, 8))
def test_another_voice_is_not_taken_for_its_own(seed: int) -> None:
    another = heard(speech(seed))
    assert likeness(_int16(speech(1)), _int16(another)) < 0.5
    assert likeness(_int16(speech(1)), _int16(4 * another + heard(speech(1)))) < 0.7


def test_silence_is_like_nothing() -> None:
    assert likeness(_int16(speech(1)), bytes(16 * RATE_HZ)) == 0
    assert likeness(_int16(speech(1)), b"") == 0


def test_the_loudest_second_counts_wherever_it_lies() -> None:
    quiet, loud = np.full(3 * RATE_HZ, 10.0), np.full(RATE_HZ, 3276.8)
    sound = np.concatenate([quiet[:20_000], loud, quiet])
    assert loudest_dbfs(_int16(sound)) == pytest.approx(-20, abs=0.5)
    assert loudest_dbfs(_int16(loud[:100])) == pytest.approx(-20, abs=0.1)
