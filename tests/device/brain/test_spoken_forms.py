"""Times, dates and numbers as they are said."""

from __future__ import annotations

from datetime import date, time
from fractions import Fraction

import pytest

from device.brain import spoken_forms


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (time(0, 0), "midnight"),
        (time(12, 0), "noon"),
        (time(0, 1), "twelve oh one at night"),
        (time(15, 5), "five past three in the afternoon"),
        (time(3, 7), "three oh seven at night"),
        (time(9, 15), "quarter past nine in the morning"),
        (time(12, 30), "half past twelve in the afternoon"),
        (time(17, 45), "quarter to six in the afternoon"),
        (time(11, 55), "five to twelve in the morning"),
        (time(23, 40), "twenty to twelve at night"),
        (time(18, 42), "six forty-two in the evening"),
        (time(8, 20), "twenty past eight in the morning"),
        (time(8, 35), "twenty-five to nine in the morning"),
        (time(20, 0), "eight o'clock in the evening"),
    ],
)
def test_a_time_is_said_as_people_say_it(at: time, said: str) -> None:
    assert spoken_forms.clock(at) == said


def test_no_two_minutes_of_a_day_sound_the_same() -> None:
    said = {spoken_forms.clock(time(hour, minute)) for hour in range(24) for minute in range(60)}
    assert len(said) == 24 * 60


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (date(2026, 3, 3), "Tuesday, the 3rd of March 2026"),
        (date(2026, 1, 1), "Thursday, the 1st of January 2026"),
        (date(2026, 2, 22), "Sunday, the 22nd of February 2026"),
        (date(2026, 11, 11), "Wednesday, the 11th of November 2026"),
        (date(2026, 12, 13), "Sunday, the 13th of December 2026"),
    ],
)
def test_a_date_is_said_whole(of: date, said: str) -> None:
    assert spoken_forms.day(of) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Fraction(56), "56"),
        (Fraction(-6), "minus 6"),
        (Fraction(5, 2), "2.5"),
        (Fraction(1, 3), "about 0.3333"),
        (Fraction(-2, 3), "about minus 0.6667"),
        (Fraction(1, 30000), "about 0.0000333"),
        (Fraction(0), "0"),
        (Fraction(10**15), "1000000000000000"),
        (Fraction(12345678, 1000), "12345.678"),
    ],
)
def test_a_number_is_exact_or_said_to_be_about(value: Fraction, said: str) -> None:
    assert spoken_forms.number(value) == said


@pytest.mark.parametrize(
    ("sum_", "said"),
    [
        ("7 × 8", "7 times 8"),
        ("√ 16", "the square root of 16"),
        ("20 % × 50", "20 percent of 50"),
        ("2 ^ 3 - 1", "2 to the power of 3 minus 1"),
    ],
)
def test_a_sum_is_said_in_words(sum_: str, said: str) -> None:
    assert spoken_forms.sum_in_words(sum_) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (1, "one second"),
        (60, "one minute"),
        (90, "one minute and thirty seconds"),
        (3600, "one hour"),
        (3723, "one hour, two minutes and three seconds"),
        (86_400, "twenty-four hours"),
        (360_000, "100 hours"),
        (0, "no time"),
    ],
)
def test_a_length_of_time_is_said_with_its_parts(seconds: int, said: str) -> None:
    assert spoken_forms.length(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "a moment"),
        (45, "forty-five seconds"),
        (89, "one minute"),
        (3500, "fifty-eight minutes"),
        (7100, "two hours"),
        (40 * 3600, "two days"),
    ],
)
def test_a_length_that_need_not_be_exact_is_said_by_its_largest_unit(seconds: float, said: str) -> None:
    assert spoken_forms.about(seconds) == said
