"""Times that devices tell: whatever a clock says, a question waits for a sane while."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.bodies import LEAST_S, lasts_until, utc

NOW = 1_795_000_000.0
LONGEST_S = 30 * 86_400.0


@pytest.mark.parametrize(
    ("expires_utc", "waits_s"),
    [
        ("2026-11-17T11:06:40+00:00", LEAST_S),
        ("2026-11-18T13:06:40+00:00", 2 * 3600),
        ("2026-11-18T13:06:40Z", 2 * 3600),
        ("2026-11-18T14:06:40+01:00", 2 * 3600),
        ("2026-11-18T13:06:40", 2 * 3600),
        ("1970-01-03T00:00:00Z", LEAST_S),
        ("0001-01-01T00:00:00+23:59", LONGEST_S),
        ("9999-12-31T23:59:59-23:59", LONGEST_S),
        ("2999-01-01", LONGEST_S),
        ("", LONGEST_S),
        ("tomorrow", LONGEST_S),
    ],
)
def test_a_question_waits_as_long_as_it_says_within_what_may_be(expires_utc: str, waits_s: float) -> None:
    assert lasts_until(expires_utc, NOW, LONGEST_S) - NOW == waits_s


@given(st.text(max_size=128))
def test_whatever_a_device_says_its_question_waits_neither_for_ever_nor_not_at_all(text: str) -> None:
    assert LEAST_S <= lasts_until(text, NOW, LONGEST_S) - NOW <= LONGEST_S


def test_a_time_is_kept_as_a_time_and_nothing_else() -> None:
    assert utc("2026-11-21T21:00:00.5+01:00") == "2026-11-21T20:00:00+00:00"
    assert utc("at eight") is None
