"""Rooms that are made here: a delay, an echo, reverberation, noise, clipping, and nothing at all."""

from __future__ import annotations

import numpy as np
import pytest

from device.audio.acoustics import analyse, sweep
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
