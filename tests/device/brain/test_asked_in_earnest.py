"""Requests as people try them, to the end: what is understood, and what is answered or done."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.contracts import Gesture, ReplyItem, Request, Say, SetVolume


async def _all(brain: OnboardBrain, request: Request) -> list[ReplyItem]:
    return [item async for item in brain.reply(request, brain.route(request)).items]


def ask(recogniser: Recogniser, *texts: str, volume: int = 50, certain: bool = True) -> list[ReplyItem]:
    """What the last of the texts is answered with, on Tuesday, 3 March 2026, 15:05 in Paris."""
    brain = OnboardBrain(
        recogniser=recogniser,
        language="en",
        now=lambda: datetime(2026, 3, 3, 15, 5, tzinfo=ZoneInfo("Europe/Paris")),
        monotonic=lambda: 0.0,
        rng=random.Random(3),
        gestures=list(Gesture),
        volume=lambda: volume,
        name="Robot",
        minds=Minds(),
    )
    items: list[ReplyItem] = []
    for text in texts:
        items = asyncio.run(_all(brain, Request(1, text, "en", certain)))
    return items


def words(items: list[ReplyItem]) -> str:
    return "".join(item.text for item in items if isinstance(item, Say))


def name(recogniser: Recogniser, text: str) -> str:
    intent = recogniser.recognise(text)
    return intent.name if intent else ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("what's the date in a week", "Tuesday, the 10th of March 2026"),
        ("what day is it two weeks from today", "Tuesday, the 17th of March 2026"),
        ("is it monday today", "Today is Tuesday"),
        ("is tomorrow friday", "Tomorrow is Wednesday"),
        ("is it monday, tuesday or sunday", "Today is Tuesday"),
        ("when is friday", "Friday, the 6th of March 2026"),
        ("what time is it at home", "It is five past three in the afternoon."),
        ("what time is it in the usa", "In Washington D C, it is five past nine in the morning."),
        ("1.5 million plus 1", "1500000 plus 1 is 1500001."),
        ("a dozen times three", "12 times 3 is 36."),
        ("two dozen plus 1", "24 plus 1 is 25."),
        ("tell me a joke about my mom", "I have no joke about your mom"),
        ("tell me a story about a unicorn", "I have no story about a unicorn"),
    ],
)
def test_the_answer_is_right(recogniser: Recogniser, text: str, said: str) -> None:
    assert said in words(ask(recogniser, text))


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("turn it up by 20", 50, 70),
        ("volume down by 10", 50, 40),
        ("make it 20 percent louder", 50, 70),
        ("turn it down by 2", 50, 30),
        ("turn it up by 80", 50, 100),
        ("turn it up to 20 percent", 50, 20),
        ("turn the volume down to 30", 50, 30),
        ("half volume", 80, 50),
        ("unmute", 0, 50),
        ("turn the sound back on", 30, 30),
        ("a lot quieter", 50, 35),
        ("too quiet", 50, 65),
    ],
)
def test_loudness_is_set_as_it_was_asked(recogniser: Recogniser, text: str, before: int, after: int) -> None:
    assert ask(recogniser, text, volume=before)[0] == SetVolume(percent=after)


@pytest.mark.parametrize("text", ["how loud are you", "what's the volume"])
def test_a_question_about_loudness_changes_nothing(recogniser: Recogniser, text: str) -> None:
    (answer,) = ask(recogniser, text, volume=35)
    assert isinstance(answer, Say)
    assert "35 percent" in answer.text


@pytest.mark.parametrize(
    "text",
    [
        "volume minus 5",
        "what's the date next month",
        "what's the date next week",
        "what time was it an hour ago",
        "pick a number between 5 and 10",
        "flip a table",
        "never tell me a joke",
    ],
)
def test_what_would_be_answered_wrongly_is_not_taken(recogniser: Recogniser, text: str) -> None:
    assert name(recogniser, text) == ""


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("stop telling me jokes", "stop"),
        ("stop right there", "stop"),
        ("shush", "stop"),
        ("don't tell me a joke", "no"),
        ("I don't want to hear a story", "no"),
        ("huh", "repeat"),
        ("yes please do", "yes"),
        ("another story", "story"),
        ("look to your right", "gesture"),
    ],
)
def test_the_intent_is_right(recogniser: Recogniser, text: str, intent: str) -> None:
    assert name(recogniser, text) == intent


def test_do_it_again_does_the_last_thing_again(recogniser: Recogniser) -> None:
    rolled = words(ask(recogniser, "tell me a fact", "roll two dice", "do it again"))
    assert len([part for part in rolled.replace(".", "").split() if part.isdigit()]) == 3


def test_dice_are_told_in_short(recogniser: Recogniser) -> None:
    intent = recogniser.recognise("roll 2d6")
    assert intent is not None
    assert intent.slots == {"sides": 6, "dice": 2}


def test_no_long_nonsense_takes_long(recogniser: Recogniser) -> None:
    rng = random.Random(11)
    vocabulary = (
        "what time is it the a tell me in joke about please turn volume up to 7 plus ( ) - and roll".split()
    )
    slowest_s = 0.0
    for _ in range(60):
        text = " ".join(rng.choice(vocabulary) for _ in range(120))[:300]
        began = time.perf_counter()
        recogniser.recognise(text)
        slowest_s = max(slowest_s, time.perf_counter() - began)
    assert slowest_s < 2.0
