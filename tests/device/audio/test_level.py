from __future__ import annotations

import math

import pytest

from device.audio.level import FLOOR_DBFS, measure
from tests.device.audio.sounds import tone


def pcm(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "little", signed=True) for value in values)


def test_a_tone_has_its_peak_and_3_db_less_rms() -> None:
    level = measure(tone(500, 1.0, amplitude=16_384).pcm)
    assert level.peak_dbfs == pytest.approx(20 * math.log10(0.5), abs=0.01)
    assert level.rms_dbfs == pytest.approx(20 * math.log10(0.5) - 3.01, abs=0.01)
    assert level.clipped_share == 0


@pytest.mark.parametrize("silence", [b"", pcm(0, 0, 0)])
def test_silence_is_the_floor(silence: bytes) -> None:
    level = measure(silence)
    assert (level.peak_dbfs, level.rms_dbfs, level.clipped_share) == (FLOOR_DBFS, FLOOR_DBFS, 0)


def test_samples_at_either_full_scale_are_clipped() -> None:
    level = measure(pcm(32_767, -32_768, 32_766, 0))
    assert level.clipped_share == 0.5
    assert level.peak_dbfs == 0
