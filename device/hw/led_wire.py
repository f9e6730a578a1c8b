"""What addressable LEDs want to read on their data line, pure: colours → bytes for SPI."""

from __future__ import annotations

from collections.abc import Iterable

from device.hw.looks import Rgb

APA102_HZ = 4_000_000
WS2812_HZ = 2_400_000
"""Three SPI bits are one bit of 1.25 µs: 0 is 100, 1 is 110, within the datasheet's ±150 ns."""

_LATCH = bytes(90)
"""300 µs of low at `WS2812_HZ`: newer WS2812B want 280 µs before they show what they read."""
_LEAD = bytes(4)
"""The line may rest at any level between transfers; low first, so that the first bit has its edge."""


def apa102(colours: Iterable[Rgb]) -> bytes:
    """For APA102 and SK9822: a start of 32 zeros; per LED 0xFF (full current), blue, green, red; an end.

    Each LED delays the data by half a clock, so the end has at least half as many bits as there are LEDs,
    after 32 zeros, at which SK9822 shows what it read. Zeros, so that LEDs beyond the last stay dark.
    """
    leds = [bytes((0xFF, blue, green, red)) for red, green, blue in map(_bytes, colours)]
    return b"".join((bytes(4), *leds, bytes(4), bytes(len(leds) // 16 + 1)))


def ws2812(colours: Iterable[Rgb]) -> bytes:
    """For WS2812, WS2812B and SK6812: green, red, blue, the highest bit first, three SPI bits for each."""
    leds = [_THREEFOLD[part] for red, green, blue in map(_bytes, colours) for part in (green, red, blue)]
    return b"".join((_LEAD, *leds, _LATCH))


def _bytes(colour: Rgb) -> tuple[int, int, int]:
    red, green, blue = (round(255 * min(1.0, max(0.0, part))) for part in colour)
    return red, green, blue


def _threefold(value: int) -> bytes:
    bits = 0
    for place in range(7, -1, -1):
        bits = bits << 3 | (0b110 if value >> place & 1 else 0b100)
    return bits.to_bytes(3, "big")


_THREEFOLD = tuple(_threefold(value) for value in range(256))
