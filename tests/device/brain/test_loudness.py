"""Speech, pauses and gaps in sound that still goes on."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from device.brain.loudness import Loudness
from device.contracts import FRAME_SAMPLES, RATE_HZ

Samples = npt.NDArray[np.int16]
RNG = np.random.default_rng(5)


def noise(seconds: float, level: float) -> Samples:
    return RNG.normal(0, level, int(seconds * RATE_HZ)).astype(np.int16)


def loudness_of(*pieces: Samples) -> Loudness:
    loudness = Loudness()
    for piece in pieces:
        loudness.add(piece)
    return loudness


def test_speech_is_found_between_silences_to_20_ms() -> None:
    speech = loudness_of(noise(1, 5), noise(0.5, 2000), noise(1, 5)).speech(0)
    assert speech is not None
    assert speech == pytest.approx((1.0 * RATE_HZ, 1.5 * RATE_HZ), abs=FRAME_SAMPLES)


def test_speech_is_looked_for_from_where_it_is_asked() -> None:
    loudness = loudness_of(noise(0.5, 2000), noise(1, 5), noise(0.5, 2000), noise(1, 5))
    assert loudness.speech(int(0.6 * RATE_HZ)) == pytest.approx((1.5 * RATE_HZ, 2.0 * RATE_HZ), abs=320)
    assert loudness.speech(int(2.1 * RATE_HZ)) is None


@pytest.mark.parametrize("pieces", [1, 7, 319, 320, 5000])
def test_it_does_not_matter_in_which_pieces_the_sound_comes(pieces: int) -> None:
    sound = np.concatenate([noise(0.3, 5), noise(0.4, 3000), noise(0.31, 5)])
    whole = loudness_of(sound)
    cut = loudness_of(*[sound[at : at + pieces] for at in range(0, len(sound), pieces)][:4000])
    if pieces > 1:
        assert cut.speech(0) == whole.speech(0)
    else:
        assert cut.speech(0) == loudness_of(sound[:4000]).speech(0)


@pytest.mark.parametrize("sound", [np.zeros(RATE_HZ, np.int16), noise(3, 8), np.zeros(0, np.int16)])
def test_what_is_quiet_from_end_to_end_is_no_speech(sound: Samples) -> None:
    loudness = loudness_of(sound)
    assert loudness.speech(0) is None
    assert not loudness.clear


def test_a_click_is_no_speech_and_does_not_hide_it() -> None:
    click = noise(0.03, 20000)
    assert loudness_of(noise(1, 5), click, noise(1, 5)).speech(0) is None
    speech = loudness_of(noise(1, 5), noise(0.5, 1000), noise(1, 5), click, noise(0.5, 5)).speech(0)
    assert speech is not None
    assert speech[1] == pytest.approx(1.5 * RATE_HZ, abs=320)


def test_a_short_word_in_a_long_silence_is_found() -> None:
    speech = loudness_of(noise(60, 5), noise(0.2, 1000), noise(50, 5)).speech(0)
    assert speech is not None
    assert speech[0] == pytest.approx(60 * RATE_HZ, abs=320)


def test_digital_silence_is_not_the_background() -> None:
    """A page that sends zeros for a while does not make the room's noise loud."""
    assert not loudness_of(noise(2, 100), np.zeros(2 * RATE_HZ, np.int16)).clear


def test_a_constant_offset_is_no_sound() -> None:
    assert loudness_of(np.full(RATE_HZ, 5000, np.int16)).speech(0) is None


def test_steady_noise_is_not_clear_and_speech_over_it_is() -> None:
    assert not loudness_of(noise(3, 1000)).clear
    assert loudness_of(noise(1, 100), noise(0.5, 1000), noise(1, 100)).clear


def test_the_quietest_spot_is_the_gap_between_words_and_not_the_closure_within_one() -> None:
    word, closure, gap = noise(0.4, 3000), noise(0.04, 5), noise(0.12, 50)
    loudness = loudness_of(word, closure, word, gap, word, closure, word)
    middle_s = 0.4 + 0.04 + 0.4 + 0.06
    assert loudness.quietest(0, int(1.7 * RATE_HZ)) == pytest.approx(middle_s * RATE_HZ, abs=640)
