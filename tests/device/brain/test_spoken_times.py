"""Lengths of time and times of day, however they are said."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain import spoken_forms
from device.brain.normalise import normalise
from device.brain.spoken_times import Half, length_of_time, time_of_day


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("ten minutes", 600),
        ("a minute", 60),
        ("90 seconds", 90),
        ("half an hour", 1800),
        ("half a minute", 30),
        ("a half hour", 1800),
        ("an hour and a half", 5400),
        ("one and a half hours", 5400),
        ("2 and a half hours", 9000),
        ("1½ hours", 5400),
        ("2.5 hours", 9000),
        ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700),
        ("a couple of minutes", 120),
        ("two hours and ten minutes", 7800),
        ("one hour, two minutes and three seconds", 3723),
        ("an hour and twenty", 4800),
        ("one minute thirty", 90),
        ("a 25-minute timer", 1500),
        ("twenty-five mins", 1500),
        ("a hundred seconds", 100),
        ("two days", 172_800),
        ("0 minutes", 0),
    ],
)
def test_a_length_of_time_is_understood(said: str, seconds: int) -> None:
    found = length_of_time(normalise(said))
    assert found is not None
    assert found.seconds == seconds


@pytest.mark.parametrize("said", ["", "ten eggs", "seven o'clock", "set a second timer", "minutes"])
def test_what_is_no_length_of_time_is_none(said: str) -> None:
    assert length_of_time(normalise(said)) is None


@pytest.mark.parametrize(
    ("said", "hour", "minute", "half", "day"),
    [
        ("at seven", 7, 0, "", ""),
        ("at 7:30 am", 7, 30, "am", ""),
        ("7.30 p.m.", 7, 30, "pm", ""),
        ("for 7:05", 7, 5, "", ""),
        ("seven oh five", 7, 5, "", ""),
        ("six fifteen", 6, 15, "", ""),
        ("quarter past six", 6, 15, "", ""),
        ("a quarter to 12", 11, 45, "", ""),
        ("quarter to one", 12, 45, "", ""),
        ("half past six tomorrow", 6, 30, "", "tomorrow"),
        ("half six", 6, 30, "", ""),
        ("ten to seven in the evening", 6, 50, "pm", ""),
        ("five minutes past eight", 8, 5, "", ""),
        ("noon", 12, 0, "pm", ""),
        ("half past noon", 12, 30, "pm", ""),
        ("midnight", 12, 0, "night", ""),
        ("12 am", 12, 0, "am", ""),
        ("18:45", 18, 45, "24", ""),
        ("0:30", 0, 30, "24", ""),
        ("at 1530", 15, 30, "24", ""),
        ("715 am", 7, 15, "am", ""),
        ("eight o'clock tonight", 8, 0, "night", "today"),
        ("8 tomorrow morning", 8, 0, "am", "tomorrow"),
        ("tomorrow morning at nine", 9, 0, "am", "tomorrow"),
        ("friday at 3 in the afternoon", 3, 0, "pm", "friday"),
        ("the day after tomorrow at noon", 12, 0, "pm", "overmorrow"),
    ],
)
def test_a_time_of_day_is_understood(said: str, hour: int, minute: int, half: str, day: str) -> None:
    found = time_of_day(normalise(said))
    assert found is not None
    assert (found.hour, found.minute, found.half, found.day) == (hour, minute, Half(half), day)


@pytest.mark.parametrize("said", ["", "for two people", "in ten minutes", "at home", "tomorrow", "at 25:10"])
def test_what_is_no_time_of_day_is_none(said: str) -> None:
    assert time_of_day(normalise(said)) is None


@given(st.integers(1, 86_400))
def test_every_length_that_the_device_says_is_understood_again(seconds: int) -> None:
    found = length_of_time(normalise(spoken_forms.length(seconds)))
    assert found is not None
    assert found.seconds == seconds


@given(st.times())
def test_every_time_that_the_device_says_is_understood_again(at: time) -> None:
    found = time_of_day(normalise(f"at {spoken_forms.clock(at)}"))
    assert found is not None
    expected_half = {Half.AM: at.hour < 12, Half.PM: at.hour >= 12, Half.NIGHT: at.hour < 5 or at.hour >= 21}
    assert (found.hour % 12, found.minute) == (at.hour % 12, at.minute)
    assert expected_half[found.half]


@given(st.text(max_size=60))
def test_no_text_breaks_a_reader(text: str) -> None:
    words = normalise(text)
    length, at = length_of_time(words), time_of_day(words)
    assert length is None or length.seconds >= 0
    assert at is None or (0 <= at.hour < 24 and 0 <= at.minute < 60)


@given(st.integers(0, 10**12), st.sampled_from(["seconds", "minutes", "hours", "days", "weeks"]))
def test_what_is_too_long_is_still_read_as_it_is(count: int, unit: str) -> None:
    found = length_of_time(f"{count} {unit}")
    assert found is not None
    assert found.seconds >= count
