"""From words to what is set, and what is said back."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.brain.safety.gate import load_gate
from device.contracts import Direction, Request, RunningTimer, Say, Timer, TimerKind, TimerRefusal
from tests.device.brain.test_packs_are_safe import all_stopped

TIMER, ALARM, REMINDER = TimerKind.TIMER, TimerKind.ALARM, TimerKind.REMINDER


@dataclass
class FakeTimers:
    """Keeps what it is given; time stands still."""

    set_now: list[Timer] = field(default_factory=list)
    refuses: TimerRefusal | None = None
    lasting: bool = True
    dismissed: int = 0
    ringing: bool = False

    def add(self, timer: Timer) -> TimerRefusal | None:
        if self.refuses is None:
            self.set_now.append(timer)
        return self.refuses

    def cancel(self, timer_ids: Collection[int]) -> None:
        self.set_now = [timer for at, timer in enumerate(self.set_now) if at not in timer_ids]

    def running(self) -> tuple[RunningTimer, ...]:
        left = 0.0 if self.ringing else 125.4
        return tuple(RunningTimer(at, timer, left) for at, timer in enumerate(self.set_now))

    def dismiss(self) -> None:
        self.dismissed += 1


class Talk:
    """A person and the mind on board, on Tuesday, 3 March 2026, 15:05 in Paris."""

    def __init__(self, recogniser: Recogniser, timers: FakeTimers | None) -> None:
        self.now = datetime(2026, 3, 3, 15, 5, tzinfo=ZoneInfo("Europe/Paris"))
        self.timers = timers or FakeTimers()
        self.brain = OnboardBrain(
            recogniser=recogniser,
            language="en",
            now=lambda: self.now,
            monotonic=lambda: 0.0,
            rng=random.Random(3),
            gestures=[],
            volume=lambda: 50,
            name="Pip",
            minds=Minds(),
            timers=timers,
        )

    def ask(self, text: str, certain: bool = True) -> str:
        request = Request(1, text, "en", certain)

        async def said() -> str:
            items = self.brain.reply(request, self.brain.route(request)).items
            return "".join([item.text async for item in items if isinstance(item, Say)])

        return asyncio.run(said())


@pytest.fixture
def talk(recogniser: Recogniser) -> Talk:
    return Talk(recogniser, FakeTimers())


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, minute)


@pytest.mark.parametrize(
    ("asked", "timer", "said"),
    [
        ("set a timer for ten minutes", Timer(TIMER, "", 600), "Timer set for ten minutes."),
        (
            "set a pasta timer for 8 minutes",
            Timer(TIMER, "pasta", 480),
            "Your pasta timer is set for eight minutes.",
        ),
        ("timer for half an hour", Timer(TIMER, "", 1800), "Timer set for thirty minutes."),
        (
            "set a timer for one and a half hours",
            Timer(TIMER, "", 5400),
            "Timer set for one hour and thirty minutes.",
        ),
        (
            "start a 5 minute egg timer",
            Timer(TIMER, "egg", 300),
            "Your egg timer is set for five minutes.",
        ),
        (
            "set a timer for the eggs for six minutes",
            Timer(TIMER, "eggs", 360),
            "Your eggs timer is set for six minutes.",
        ),
        (
            "wake me at seven",
            Timer(ALARM, local=at(3, 19)),
            "Alarm set for seven o'clock in the evening.",
        ),
        (
            "set an alarm for 7:30 am",
            Timer(ALARM, local=at(4, 7, 30)),
            "Alarm set for half past seven in the morning tomorrow.",
        ),
        (
            "set an alarm for quarter past six",
            Timer(ALARM, local=at(3, 18, 15)),
            "Alarm set for quarter past six in the evening.",
        ),
        (
            "set an alarm for half past six tomorrow",
            Timer(ALARM, local=at(4, 6, 30)),
            "Alarm set for half past six in the morning tomorrow.",
        ),
        (
            "set an alarm for three tomorrow",
            Timer(ALARM, local=at(4, 15)),
            "Alarm set for three o'clock in the afternoon tomorrow.",
        ),
        (
            "set an alarm for friday at eight in the evening",
            Timer(ALARM, local=at(6, 20)),
            "Alarm set for eight o'clock in the evening on Friday.",
        ),
        (
            "set an alarm for tuesday at noon",
            Timer(ALARM, local=at(10, 12)),
            "Alarm set for noon on Tuesday.",
        ),
        ("set an alarm for midnight", Timer(ALARM, local=at(4, 0)), "Alarm set for midnight tomorrow."),
        (
            "set an alarm for one o'clock tonight",
            Timer(ALARM, local=at(4, 1)),
            "Alarm set for one o'clock at night tomorrow.",
        ),
        ("wake me in an hour", Timer(ALARM, "", 3600), "All right, I will ring in one hour."),
        (
            "set a timer for 4 pm",
            Timer(ALARM, local=at(3, 16)),
            "Alarm set for four o'clock in the afternoon.",
        ),
        (
            "remind me in 20 minutes to take my pills",
            Timer(REMINDER, "to take your pills", 1200),
            "All right, I will remind you to take your pills: in twenty minutes.",
        ),
        (
            "remind me to call mom at five",
            Timer(REMINDER, "to call mom", local=at(3, 17)),
            "All right, I will remind you to call mom: five o'clock in the afternoon.",
        ),
        (
            "remind me in ten minutes to plan the weekend",
            Timer(REMINDER, "to plan the weekend", 600),
            "All right, I will remind you to plan the weekend: in ten minutes.",
        ),
        (
            "remind me in ten minutes to close every window",
            Timer(REMINDER, "to close every window", 600),
            "All right, I will remind you to close every window: in ten minutes.",
        ),
        (
            "remind me tomorrow at nine about my laundry",
            Timer(REMINDER, "about your laundry", local=at(4, 9)),
            "All right, I will remind you about your laundry: nine o'clock in the morning tomorrow.",
        ),
    ],
)
def test_it_is_set_and_said_back(talk: Talk, asked: str, timer: Timer, said: str) -> None:
    assert talk.ask(asked) == said
    assert talk.timers.set_now == [timer]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("set a timer", "For how long?"),
        ("set a timer for zero minutes", "For how long?"),
        ("set an alarm", "For what time?"),
        ("remind me to feed the cat", "When shall I remind you?"),
        ("set an alarm every day at seven", "I can only ring once"),
        ("remind me on weekdays at six to run", "I can only ring once"),
        ("remind me every other day at nine to water the plants", "I can only ring once"),
        ("set two alarms one for 10 am and another for 2 pm", "One at a time"),
        ("set an alarm for april 3rd at 7 am", "I can only think a week ahead"),
        ("set an alarm for 2 pm today", "It is already later than that today."),
    ],
)
def test_what_cannot_be_set_says_why_or_asks(talk: Talk, asked: str, said: str) -> None:
    assert talk.ask(asked).startswith(said)
    assert talk.timers.set_now == []


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (TimerRefusal.TOO_LONG, "at most 24 hours"),
        (TimerRefusal.TOO_MANY, "I have 0 timers already"),
        (TimerRefusal.CLOCK_UNSET, "I do not know what time it is yet"),
    ],
)
def test_a_refusal_is_told_in_words(recogniser: Recogniser, refusal: TimerRefusal, said: str) -> None:
    assert said in Talk(recogniser, FakeTimers(refuses=refusal)).ask("set a timer for ten minutes")


def test_one_that_would_not_survive_a_restart_says_so(recogniser: Recogniser) -> None:
    talk = Talk(recogniser, FakeTimers(lasting=False))
    assert talk.ask("set a timer for ten minutes").endswith("please do not switch me off before it rings.")


def test_where_nobody_keeps_timers_it_says_so(recogniser: Recogniser) -> None:
    talk = Talk(recogniser, None)
    for asked in ("set a timer for ten minutes", "how much time is left", "cancel the timer"):
        assert talk.ask(asked).startswith("Nobody keeps time for me here")


@pytest.mark.parametrize(
    ("first", "then", "timer"),
    [
        ("set a timer", "ten minutes", Timer(TIMER, "", 600)),
        ("set a pasta timer", "eight minutes please", Timer(TIMER, "pasta", 480)),
        ("set an alarm", "half past six in the morning", Timer(ALARM, local=at(4, 6, 30))),
        ("set an alarm", "seven thirty", Timer(ALARM, local=at(3, 19, 30))),
        ("wake me up", "eight", Timer(ALARM, local=at(3, 20))),
        (
            "remind me to take my pills",
            "in twenty minutes",
            Timer(REMINDER, "to take your pills", 1200),
        ),
        ("remind me to feed the cat", "tomorrow at six", Timer(REMINDER, "to feed the cat", local=at(4, 6))),
    ],
)
def test_the_time_that_was_asked_for_completes_the_request(
    talk: Talk, first: str, then: str, timer: Timer
) -> None:
    talk.ask(first)
    talk.ask(then)
    assert talk.timers.set_now == [timer]


@pytest.mark.parametrize("between", ["tell me a joke", "no", "what is the meaning of xylophones"])
def test_a_request_without_its_time_is_forgotten_after_anything_else(talk: Talk, between: str) -> None:
    talk.ask("set a timer")
    talk.ask(between)
    talk.ask("ten minutes")
    assert talk.timers.set_now == []


def test_a_time_alone_sets_nothing(talk: Talk) -> None:
    talk.ask("ten minutes")
    talk.ask("seven thirty")
    assert talk.timers.set_now == []


# --- asking --------------------------------------------------------------------------------------

PASTA, TEN = Timer(TIMER, "pasta", 480), Timer(TIMER, "", 600)
SEVEN = Timer(ALARM, local=at(4, 7))
PILLS = Timer(REMINDER, "to take your pills", local=at(3, 18))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (
            "how much time is left on the pasta timer",
            "Your pasta timer has two minutes and five seconds left.",
        ),
        ("how long is left on the ten minute timer", "Your timer for ten minutes has two minutes and five"),
        ("when is my alarm", "Your alarm rings at seven o'clock in the morning tomorrow."),
        ("what reminders do I have", "Your reminder to take your pills rings at six o'clock in the evening."),
        ("what timers do I have", "Your pasta timer has two minutes and five seconds left. Your timer for"),
        ("how much time is left", "Your pasta timer has two minutes and five seconds left. Your timer for"),
        ("how much time is left on the egg timer", "There is no timer set now."),
    ],
)
def test_what_is_set_is_told(recogniser: Recogniser, asked: str, said: str) -> None:
    talk = Talk(recogniser, FakeTimers([PASTA, TEN, SEVEN, PILLS]))
    assert talk.ask(asked).startswith(said)


def test_what_is_ringing_is_told_so(recogniser: Recogniser) -> None:
    assert Talk(recogniser, FakeTimers([PASTA], ringing=True)).ask("what timers do I have") == (
        "Your pasta timer is ringing."
    )


# --- cancelling ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "left", "said"),
    [
        ("cancel the pasta timer", [TEN, SEVEN, PILLS], "I have cancelled your pasta timer."),
        (
            "cancel the ten minute timer",
            [PASTA, SEVEN, PILLS],
            "I have cancelled your timer for ten minutes.",
        ),
        ("stop the alarm", [PASTA, TEN, PILLS], "I have cancelled your alarm for seven o'clock in the"),
        ("cancel my seven o'clock alarm", [PASTA, TEN, PILLS], "I have cancelled your alarm for seven"),
        ("cancel my eight o'clock alarm", [PASTA, TEN, SEVEN, PILLS], "There is no alarm set now."),
        ("cancel the reminder to take my pills", [PASTA, TEN, SEVEN], "I have cancelled your reminder to"),
        ("cancel all timers", [SEVEN, PILLS], "I have cancelled your pasta timer and timer for ten minutes."),
        ("cancel the timer", [PASTA, TEN, SEVEN, PILLS], "Which one? There is your pasta timer and timer"),
    ],
)
def test_the_one_that_is_meant_is_cancelled(
    recogniser: Recogniser, asked: str, left: list[Timer], said: str
) -> None:
    talk = Talk(recogniser, FakeTimers([PASTA, TEN, SEVEN, PILLS]))
    assert talk.ask(asked).startswith(said)
    assert talk.timers.set_now == left


def test_the_only_one_is_meant_whatever_it_is_called(recogniser: Recogniser) -> None:
    talk = Talk(recogniser, FakeTimers([PASTA]))
    assert talk.ask("cancel the timer") == "I have cancelled your pasta timer."


def test_one_that_was_not_heard_for_certain_is_confirmed_first(talk: Talk) -> None:
    assert talk.ask("set a timer for ten minutes", certain=False) == (
        "Did you say: set a timer for ten minutes?"
    )
    assert talk.timers.set_now == []
    assert talk.ask("yes") == "Timer set for ten minutes."
    assert talk.timers.set_now == [TEN]


def test_whoever_talks_has_heard_what_rings_after_it_was_answered(talk: Talk) -> None:
    talk.timers.set_now.append(PASTA)
    assert "pasta timer" in talk.ask("what timers do I have")
    talk.ask("stop")
    talk.ask("what is the meaning of xylophones")
    assert talk.timers.dismissed == 3


# --- the gate ------------------------------------------------------------------------------------


def test_what_people_want_to_be_reminded_of_passes_the_gate_both_ways(talk: Talk) -> None:
    gate = load_gate("en", "US")
    for what in (
        "take my pills",
        "take my medicine",
        "give the cat her flea medicine",
        "check my blood sugar",
    ):
        asked = f"remind me in ten minutes to {what}"
        assert asyncio.run(gate.judge(asked, Direction.HEARD)).allowed, asked
        assert all_stopped([talk.ask(asked)]) == []
        talk.timers.set_now.clear()


def test_in_the_morning_the_next_seven_is_in_the_morning(talk: Talk) -> None:
    talk.now = talk.now.replace(hour=6)
    assert talk.ask("wake me at seven") == "Alarm set for seven o'clock in the morning."


# --- what is documented --------------------------------------------------------------------------

DOCUMENT = Path(__file__).parents[4] / "docs" / "timers.md"


def documented() -> list[str]:
    """The requests in the table of docs/timers.md."""
    rows = [line for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith('| "')]
    return [request for row in rows for request in re.findall(r'"([^"]+)"', row.split("|")[1])]


@pytest.mark.parametrize("request_", documented())
def test_what_is_documented_is_understood(recogniser: Recogniser, request_: str) -> None:
    intent = recogniser.recognise(request_)
    assert intent is not None
    assert intent.name in {"timer", "alarm", "reminder", "timers", "timers_cancel", "stop"}


def test_enough_is_documented() -> None:
    assert len(documented()) >= 18
