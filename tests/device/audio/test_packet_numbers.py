"""Numbers of 16 bits that wrap."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.packet_numbers import PacketNumbers


@pytest.mark.parametrize(
    ("came", "then", "missing"),
    [
        (0, 1, 0),
        (0, 2, 1),
        (7, 7, None),
        (7, 3, None),
        (65_535, 0, 0),
        (65_534, 1, 2),
        (0, 65_535, None),
        (0, 32_768, 32_767),
        (0, 32_769, None),
        (65_536 + 4, 65_536 + 6, 1),
    ],
)
def test_what_is_missing_before_a_packet(came: int, then: int, missing: int | None) -> None:
    numbers = PacketNumbers()
    assert numbers.missing_before(came) == 0
    assert numbers.missing_before(then) == missing


def test_an_old_packet_changes_nothing() -> None:
    numbers = PacketNumbers()
    numbers.missing_before(10)
    numbers.missing_before(5)
    assert numbers.missing_before(11) == 0


@given(st.integers(0, 65_535), st.lists(st.integers(1, 1000), max_size=100))
def test_a_stream_with_gaps_is_followed_round_the_wrap(first: int, steps: list[int]) -> None:
    numbers, number = PacketNumbers(), first
    numbers.missing_before(number)
    for step in steps:
        number += step
        assert numbers.missing_before(number) == step - 1
