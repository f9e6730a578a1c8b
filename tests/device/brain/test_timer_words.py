"""How timers are spoken of, and that the gate lets it pass."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from device.brain.packs import timer_phrases
from device.brain.timer_words import Due, moment, name, ringing
from device.contracts import Timer, TimerKind
from tests.device.brain.test_packs_are_safe import all_stopped

TEA = Timer(TimerKind.TIMER, "tea", length_s=240)
TEN = Timer(TimerKind.TIMER, length_s=600)
SEVEN = Timer(TimerKind.ALARM, local=datetime(2026, 3, 4, 7, 0))
NAP = Timer(TimerKind.ALARM, length_s=1200)
PILLS = Timer(TimerKind.REMINDER, "to take your pills", length_s=600)
NAMELESS = Timer(TimerKind.REMINDER, local=datetime(2026, 3, 4, 14, 0))
ALL = (TEA, TEN, SEVEN, NAP, PILLS, NAMELESS)


@pytest.mark.parametrize(
    ("timer", "called"),
    [
        (TEA, "tea timer"),
        (TEN, "timer for ten minutes"),
        (SEVEN, "alarm for seven o'clock in the morning"),
        (NAP, "alarm for twenty minutes"),
        (PILLS, "reminder to take your pills"),
        (NAMELESS, "reminder"),
    ],
)
def test_each_has_a_name(timer: Timer, called: str) -> None:
    assert name(timer) == called


@pytest.mark.parametrize(
    ("due", "said"),
    [
        (Due(TEA), "Time is up! Your tea timer has ended."),
        (Due(SEVEN), "It is seven o'clock in the morning. This is your alarm."),
        (Due(NAP), "Time is up! Your alarm for twenty minutes has ended."),
        (Due(PILLS), "This is your reminder to take your pills."),
        (Due(NAMELESS), "This is your reminder of something."),
        (Due(TEN, late_s=100), "Your timer for ten minutes ended two minutes ago."),
        (Due(TEA, 7200, while_off=True), "Your tea timer ended two hours ago, while I was switched off."),
        (Due(SEVEN, 7200), "Your alarm for seven o'clock in the morning should have rung two hours ago."),
        (
            Due(PILLS, 7200, while_off=True),
            "I should have reminded you to take your pills, two hours ago, but I was switched off.",
        ),
        (
            Due(TEA, 3 * 86_400, while_off=True),
            "Your tea timer ended three days ago, while I was switched off.",
        ),
    ],
)
def test_what_rings_says_what_it_is_and_how_late(due: Due, said: str) -> None:
    assert ringing([due], timer_phrases("en")) == said


def test_several_are_told_together_and_old_ones_are_only_counted() -> None:
    old = Due(PILLS, 2 * 86_400, while_off=True)
    assert ringing([Due(TEN), Due(TEA), old], timer_phrases("en")) == (
        "Time is up! Your timer for ten minutes has ended. Your tea timer has ended. "
        "And one more ended more than a day ago."
    )


def test_of_old_ones_alone_the_newest_is_told() -> None:
    old = Due(PILLS, 3 * 86_400, while_off=True)
    assert ringing([old, old, Due(TEA, 2 * 86_400)], timer_phrases("en")) == (
        "Your tea timer ended two days ago. And 2 more ended more than a day ago."
    )


@pytest.mark.parametrize(("day", "said"), [(3, ""), (4, " tomorrow"), (5, " on Thursday"), (9, " on Monday")])
def test_a_moment_names_its_day_unless_it_is_today(day: int, said: str) -> None:
    assert moment(datetime(2026, 3, day, 6, 30), date(2026, 3, 3)) == f"half past six in the morning{said}"


def test_whatever_rings_passes_the_gate() -> None:
    phrases = timer_phrases("en")
    dues = [Due(timer, late, off) for timer in ALL for late in (0.0, 90.0, 90_000.0) for off in (False, True)]
    assert all_stopped(ringing([due], phrases) for due in dues * 2) == []
