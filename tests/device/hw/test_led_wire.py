"""What goes over the wire to addressable LEDs, byte by byte."""

from __future__ import annotations

import pytest

from device.hw.led_wire import apa102, ws2812
from device.hw.looks import Rgb

RED: Rgb = (1.0, 0.0, 0.0)
SOME: Rgb = (0x12 / 255, 0x34 / 255, 0x56 / 255)


def test_apa102_gets_a_start_then_blue_green_red_and_an_end() -> None:
    assert apa102([RED, SOME]).hex(" ") == "00 00 00 00 ff 00 00 ff ff 56 34 12 00 00 00 00 00"


@pytest.mark.parametrize("count", [1, 12, 16, 17, 60, 256])
def test_apa102_gets_half_a_clock_for_every_led_after_the_last(count: int) -> None:
    clocks_after = 8 * (len(apa102([RED] * count)) - 4 - 4 * count) - 32
    assert clocks_after >= count / 2


def test_ws2812_gets_green_red_blue_in_three_bits_each() -> None:
    """0xFF is 110 eight times, 0x00 is 100 eight times."""
    sent = ws2812([RED])
    assert sent[4:13].hex(" ") == "92 49 24 db 6d b6 92 49 24"
    assert sent[:4] == bytes(4)
    assert sent[13:] == bytes(90)


def test_ws2812_reads_back_as_what_was_sent() -> None:
    sent = ws2812([SOME, RED])
    bits = "".join(f"{byte:08b}" for byte in sent[4:-90])
    triples = [bits[place : place + 3] for place in range(0, len(bits), 3)]
    assert set(triples) == {"100", "110"}
    value = int("".join(triple[1] for triple in triples), 2)
    assert value.to_bytes(6, "big").hex(" ") == "34 12 56 00 ff 00"


def test_ws2812_rests_for_300_us_between_frames() -> None:
    assert len(ws2812([])[4:]) * 8 / 2.4e6 >= 300e-6


@pytest.mark.parametrize("encode", [apa102, ws2812])
def test_what_is_beyond_the_range_is_cut_off(encode: type) -> None:
    assert encode([(1.5, -0.2, 0.0)]) == encode([RED])


@pytest.mark.parametrize("encode", [apa102, ws2812])
def test_the_longest_ring_fits_into_one_transfer(encode: type) -> None:
    """Of 4096 bytes, where nobody raised the limit of spidev."""
    assert len(encode([RED] * 256)) <= 4096
