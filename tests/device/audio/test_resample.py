from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio.resample import Resampler, at_rate, to_mono
from device.contracts import Audio
from device.errors import AudioDeviceError
from tests.device.audio.sounds import samples, tone

RATES = [8_000, 11_025, 16_000, 22_050, 24_000, 44_100, 48_000, 96_000, 192_000]


def same(one: bytes, other: bytes) -> bool:
    """But for the dither with which soxr rounds to 16 bits."""
    apart = np.frombuffer(one, np.int16).astype(int) - np.frombuffer(other, np.int16)
    return bool(np.abs(apart).max() <= 2)


@pytest.mark.parametrize("to_hz", RATES)
@pytest.mark.parametrize("from_hz", RATES)
def test_a_tone_stays_the_same_tone(from_hz: int, to_hz: int) -> None:
    resampled = at_rate(tone(440, 0.5, from_hz), to_hz)
    wanted = samples(tone(440, 0.5, to_hz))
    assert len(samples(resampled)) == pytest.approx(len(wanted), rel=1e-4, abs=1)
    inner = slice(len(wanted) // 10, len(wanted) * 9 // 10)
    assert np.abs(samples(resampled)[inner] - wanted[inner]).max() < 20


@given(st.lists(st.integers(0, 3_000), max_size=12), st.sampled_from(RATES), st.sampled_from(RATES))
@settings(deadline=None, max_examples=50)
def test_pieces_of_any_size_give_the_same_as_the_whole(sizes: list[int], from_hz: int, to_hz: int) -> None:
    whole = tone(300, 0.3, from_hz)
    resampler, out, at = Resampler(from_hz, to_hz), b"", 0
    for size in [*sizes, len(whole.pcm)]:
        out += resampler.feed(whole.pcm[at : at + 2 * size])
        at += 2 * size
    assert same(out + resampler.flush(), at_rate(whole, to_hz).pcm)


def test_after_a_flush_a_stream_begins_anew() -> None:
    resampler = Resampler(44_100, 16_000)
    sound = tone(440, 0.2, 44_100).pcm
    first = resampler.feed(sound) + resampler.flush()
    assert same(resampler.feed(sound) + resampler.flush(), first)


def test_equal_rates_leave_every_sample_alone() -> None:
    assert at_rate(tone(440, 0.1), 16_000) == tone(440, 0.1)


def test_a_tone_above_the_new_rate_is_taken_out_instead_of_folded_back() -> None:
    assert np.abs(samples(at_rate(tone(10_000, 0.5, 48_000), 16_000))[500:-500]).max() < 20


@pytest.mark.parametrize("rate_hz", [0, -16_000, 7_999, 192_001, 2**31])
def test_other_rates_are_refused(rate_hz: int) -> None:
    with pytest.raises(AudioDeviceError, match=r"8,000 to 192,000 Hz"):
        at_rate(Audio(b"", rate_hz), 16_000)
    with pytest.raises(AudioDeviceError):
        Resampler(16_000, rate_hz)


def test_channels_become_their_mean() -> None:
    stereo = np.array([[32767, 32767], [-32768, -32768], [100, -100], [10, 13]], np.int16)
    assert to_mono(stereo).tolist() == [32767, -32768, 0, 12]
    assert to_mono(stereo[:, 0]).tolist() == stereo[:, 0].tolist()
