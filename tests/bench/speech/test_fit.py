"""The fit and its curve, on made-up attempts."""

from __future__ import annotations

import random

import pytest

from bench.speech.attempts import Attempt
from bench.speech.curve import curve, table
from bench.speech.fit import confidences, fit, untrained_confidences, usable
from bench.speech.picture import picture


def made_up(apart: float, count: int = 200) -> list[Attempt]:
    """Commands of people and synthetic ones, and off-grammar speech that fits worse by `apart`."""
    rng = random.Random(4)
    found = []
    for number in range(count):
        inside = number % 2 == 0
        kind = "synthetic, clean" if number % 4 == 0 else "speech"
        fits = rng.gauss(apart if inside else 0.0, 1.0)
        evidence = (fits, rng.gauss(0, 1), rng.gauss(0, 1))
        found.append(
            Attempt(str(number), kind, f"{number % 9}", "go" if inside else None, "go", evidence, 1.0, 0.1)
        )
    return found


def test_what_is_far_apart_is_told_apart() -> None:
    found = made_up(apart=6.0)
    beta = fit(found)
    assert beta[0] > 10 * max(abs(beta[1]), abs(beta[2]))
    judged = confidences(found, beta)
    right = [
        (confidence > 0.5) == (attempt.said is not None)
        for confidence, attempt in zip(judged, found, strict=True)
    ]
    assert sum(right) > 0.98 * len(right)


def test_the_curve_trades_false_accepts_for_misses() -> None:
    points = curve(made_up(apart=2.0))
    accepts = [point.false_accepts for point in points]
    kept = [point.kept_people for point in points]
    assert accepts == sorted(accepts, reverse=True)
    assert kept == sorted(kept, reverse=True)
    assert all(point.false_accepts <= 0.3 for point in points)
    assert table(points).count("\n") == len(points) + 1
    assert picture(points).startswith("<svg")


def test_evidence_that_says_nothing_gives_no_confidence() -> None:
    judged = untrained_confidences(made_up(apart=0.0))
    assert judged.mean() == pytest.approx(0.5, abs=0.05)
    assert judged.std() < 0.15


def test_misheard_commands_are_not_learnt_from() -> None:
    misheard = Attempt("x", "speech", "1", "go", "stop", (0.0, 0.0, 0.0), 1.0, 0.1)
    unheard = Attempt("y", "speech", "1", None, "", None, 1.0, 0.1)
    assert usable([misheard, unheard, *made_up(1.0, 2)]) == made_up(1.0, 2)
