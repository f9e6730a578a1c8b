"""The short sounds: as long and as loud as they should be, and without clicks."""

from __future__ import annotations

import array
import itertools
from collections.abc import Callable

import pytest

from device.audio.earcon import LOUDNESS, RING_LOUDNESS, refusal, ring, trouble
from device.contracts import Audio


def samples(sound: Audio) -> array.array[int]:
    return array.array("h", sound.pcm)


@pytest.mark.parametrize("make", [trouble, refusal, ring])
def test_every_sound_begins_and_ends_without_a_click(make: Callable[[], Audio]) -> None:
    heard = samples(make())
    assert abs(heard[0]) < 100
    assert abs(heard[-1]) < 100
    assert max(abs(after - before) for before, after in itertools.pairwise(heard)) < 12_000


def test_the_ring_lasts_as_long_as_it_takes_to_look_up() -> None:
    assert ring().duration_s == pytest.approx(1.2)


def test_the_ring_is_the_loudest_and_never_clipped() -> None:
    loudest = max(map(abs, samples(ring())))
    assert 32767 * LOUDNESS < loudest <= 32767 * RING_LOUDNESS
