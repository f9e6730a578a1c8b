"""Whole conversations with the mind on board."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.contracts import (
    Gesture,
    Line,
    Mind,
    Perform,
    ReplyItem,
    Request,
    Route,
    Say,
    SetVolume,
    StopEverything,
    Who,
)
from device.errors import MindError


class Conversation:
    """A person and the mind on board; time passes only when told."""

    def __init__(self, recogniser: Recogniser) -> None:
        self.now_s = 0.0
        self.volume = 50
        self.history: list[Line] = []
        self.brain = OnboardBrain(
            recogniser=recogniser,
            language="en",
            now=lambda: datetime(2026, 3, 3, 15, 5, tzinfo=ZoneInfo("Europe/Paris")),
            monotonic=lambda: self.now_s,
            rng=random.Random(3),
            gestures=[Gesture.WAVE],
            volume=lambda: self.volume,
        )

    def ask(self, text: str, certain: bool = True) -> list[ReplyItem]:
        """Everything that the mind answers; its words go into the history."""
        request = Request(1, text, "en", certain, tuple(self.history))
        route = self.brain.route(request)
        items = asyncio.run(self._all(request, route))
        self.history += [Line(Who.PERSON, text), Line(Who.DEVICE, words(items))]
        return items

    async def _all(self, request: Request, route: Route) -> list[ReplyItem]:
        return [item async for item in self.brain.reply(request, route).items]

    def route(self, text: str) -> Route:
        return self.brain.route(Request(1, text, "en", True))


def words(items: list[ReplyItem]) -> str:
    return "".join(item.text for item in items if isinstance(item, Say))


@pytest.fixture
def talk(recogniser: Recogniser) -> Conversation:
    return Conversation(recogniser)


def test_a_question_is_answered_in_words(talk: Conversation) -> None:
    assert words(talk.ask("What time is it?")) == "It is five past three in the afternoon."


def test_a_gesture_comes_with_words(talk: Conversation) -> None:
    moved, said = talk.ask("please wave")
    assert moved == Perform(Gesture.WAVE)
    assert isinstance(said, Say)


def test_an_uncertain_command_is_carried_out_after_yes(talk: Conversation) -> None:
    asked = talk.ask("wave", certain=False)
    assert words(asked) == "Did you say: wave?"
    assert talk.ask("yes", certain=False)[0] == Perform(Gesture.WAVE)


@pytest.mark.parametrize("answer", ["no", "tell me a joke", "what is the capital of France"])
def test_an_uncertain_command_is_forgotten_after_anything_else(talk: Conversation, answer: str) -> None:
    talk.ask("wave", certain=False)
    talk.ask(answer)
    assert not any(isinstance(item, Perform) for item in talk.ask("yes"))


def test_an_uncertain_command_is_forgotten_after_a_while(talk: Conversation) -> None:
    talk.ask("wave", certain=False)
    talk.now_s += 31.0
    assert not any(isinstance(item, Perform) for item in talk.ask("yes"))


def test_a_confirmed_volume_is_set(talk: Conversation) -> None:
    talk.ask("volume seventy percent", certain=False)
    assert talk.ask("yes")[0] == SetVolume(percent=70)


def test_stop_stops_without_a_word_even_if_uncertain(talk: Conversation) -> None:
    assert talk.ask("stop", certain=False) == [StopEverything()]


def test_another_one_is_another_one(talk: Conversation) -> None:
    first = words(talk.ask("tell me a joke"))
    second = words(talk.ask("another one"))
    assert first != second
    assert talk.route("tell me another").reason == "another one of the last kind: joke"


def test_repeat_says_what_was_really_spoken(talk: Conversation) -> None:
    assert words(talk.ask("repeat that")).startswith("I have not said anything")
    talk.history = [
        Line(Who.PERSON, "tell me a story"),
        Line(Who.DEVICE, "Once upon"),
        Line(Who.PERSON, "wait"),
    ]
    assert words(talk.ask("what did you say?")) == "Once upon"


def test_what_nobody_on_board_knows_is_said_honestly(talk: Conversation) -> None:
    route = talk.route("Who painted the Mona Lisa?")
    assert route.mind is Mind.STOCK
    assert "I do not know that" in words(talk.ask("Who painted the Mona Lisa?"))


def test_nothing_is_remembered_before_the_reply_is_read(talk: Conversation) -> None:
    request = Request(1, "wave", "en", False)
    talk.brain.reply(request, talk.brain.route(request))
    assert not any(isinstance(item, Perform) for item in talk.ask("yes"))


def test_a_route_that_is_not_its_own_is_refused(talk: Conversation) -> None:
    with pytest.raises(MindError):
        asyncio.run(talk._all(Request(1, "hello", "en", True), Route(Mind.SYSTEM_2, "elsewhere")))


def test_an_answer_about_everything_it_serves_has_words_or_acts(
    talk: Conversation, recogniser: Recogniser
) -> None:
    for text in (
        "hello",
        "how are you",
        "thanks",
        "bye",
        "maybe",
        "who are you",
        "who made you",
        "are you real",
    ):
        assert words(talk.ask(text))
    for text in (
        "what can you do",
        "how old are you",
        "where are you from",
        "any hobbies",
        "do you have pets",
    ):
        assert words(talk.ask(text))
