"""Sums, as they are spoken and typed, worked out as Python would."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.arithmetic import CannotWorkOut, read_sum, work_out
from device.brain.normalise import normalise


def value_of(text: str) -> Fraction:
    found = read_sum(normalise(text))
    assert found is not None, text
    return work_out(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 times 8", 56),
        ("7 × 8", 56),
        ("7x8", 56),
        ("two plus two", 4),
        ("twenty one minus nine", 12),
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("100 - 7 - 3", 90),
        ("100 divided by 8", "25/2"),
        ("100 ÷ 8 ÷ 5", "5/2"),
        ("minus 3 times 4".replace("minus ", "-"), -12),
        ("2 times -3", -6),
        ("3 to the 4th power", 81),
        ("10 to the power of 6", 10**6),
        ("2 to the third power", 8),
        ("2^10", 1024),
        ("twelve squared", 144),
        ("3 cubed", 27),
        ("the square root of 144", 12),
        ("the cube root of 27", 3),
        ("√81", 9),
        ("20 percent of 50", 10),
        ("20% of a thousand", 200),
        ("30% off 200", 140),
        ("an 18 percent tip on 20 dollars", "18/5"),
        ("3/4 of 18", "27/2"),
        ("three quarters of one sixth", "1/8"),
        ("half of 9", "9/2"),
        ("two and a half times four", 10),
        ("1.5 plus 2.25", "15/4"),
        ("three point five times two", 7),
        ("1,000 x 2", 2000),
        ("add 12 to 13", 25),
        ("add twelve and twelve", 24),
        ("subtract 100 from 12", -88),
        ("multiply 6 by 7", 42),
        ("divide 3 by 2", "3/2"),
        ("the sum of 3, 4 and 5", 12),
        ("the product of 6 and 7", 42),
        ("the average of 2 and 5", "7/2"),
        ("how many times does 8 go into 2000", 250),
        ("what percent of 50 is 10".removeprefix("what "), 20),
        ("5 factorial", 120),
        ("double 21", 42),
        ("1 million twelve hundred divided by 400 thousand", "2503/1000"),
        ("80980 + 098098 + 80980 + 1243", 261301),
    ],
)
def test_a_sum_is_worked_out(text: str, expected: int | str) -> None:
    assert value_of(text) == Fraction(expected)


def test_a_root_that_is_not_whole_is_as_near_as_a_float() -> None:
    assert float(value_of("square root of 2")) == pytest.approx(math.sqrt(2), rel=1e-15)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "hello",
        "times",
        "7 times",
        "times 7",
        "7 8",
        "7 plus plus",
        "the weather plus 7",
        "(2 + 3",
        "2 + 3)",
        "()",
        "1 + " * 100 + "1",
        "(" * 90 + "1 + 1" + ")" * 90,
        "-" * 150 + "1",
    ],
)
def test_what_is_not_a_sum_is_not_read_as_one(text: str) -> None:
    assert read_sum(normalise(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "5 divided by zero",
        "5 divided by (3 minus 3)",
        "0 to the power of -1",
        "9 to the power of 9 to the power of 9",
        "10 ^ 99 ^ 99",
        "999999999999999 ^ 100",
        "1000000 factorial",
        "2.5 factorial",
        "the square root of -4",
        "2 to the power of 0.5",
    ],
)
def test_a_sum_without_an_answer_says_why(text: str) -> None:
    found = read_sum(normalise(text))
    assert found is not None
    with pytest.raises(CannotWorkOut) as why:
        work_out(found)
    assert str(why.value).endswith(".")


numbers = st.integers(0, 10**6)
signs = st.sampled_from([("plus", "+"), ("minus", "-"), ("times", "*"), ("divided by", "/")])


@given(first=numbers, rest=st.lists(st.tuples(signs, numbers), min_size=1, max_size=3))
def test_sums_of_any_shape_are_what_python_says(first: int, rest: list[tuple[tuple[str, str], int]]) -> None:
    spoken = f"{first}" + "".join(f" {words} {number}" for (words, _), number in rest)
    python = f"Fraction({first})" + "".join(f" {sign} Fraction({number})" for (_, sign), number in rest)
    try:
        expected = eval(python, {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(CannotWorkOut):
            value_of(spoken)
    else:
        assert value_of(spoken) == expected


@given(a=st.integers(-50, 50), b=st.integers(0, 12))
def test_powers_are_what_python_says(a: int, b: int) -> None:
    assert value_of(f"({a}) ^ {b}") == a**b


@given(percent=st.integers(0, 300), of=numbers)
def test_percentages_are_exact(percent: int, of: int) -> None:
    assert value_of(f"{percent} percent of {of}") == Fraction(percent * of, 100)


@given(st.text(alphabet="0123456789 +-*/()^%!.x√", max_size=80))
def test_no_string_of_signs_breaks_it(text: str) -> None:
    found = read_sum(normalise(text))
    if found is not None:
        with contextlib.suppress(CannotWorkOut):
            assert abs(work_out(found)) <= 10**30
