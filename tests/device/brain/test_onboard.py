"""Whole conversations with the mind on board."""

from __future__ import annotations

import asyncio
import random
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.brain.system_one import SystemOne
from device.config import Consent
from device.contracts import (
    Emotion,
    Express,
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
from tests.device.brain.told import sentences
from tests.fakes import FakeModel, FakeSystem2


class Conversation:
    """A person and the mind on board; time passes only when told."""

    def __init__(self, recogniser: Recogniser, minds: Minds | None = None) -> None:
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
            name="Pip",
            minds=minds or Minds(),
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


# --- with a language model behind the skills -----------------------------------------------------


def thinking(recogniser: Recogniser, model: FakeModel) -> Conversation:
    return Conversation(
        recogniser, Minds(SystemOne(model, "You are Pip.", lambda: datetime(2026, 3, 3, 15, 5)))
    )


def test_the_device_tells_its_name(talk: Conversation) -> None:
    assert "Pip" in words(talk.ask("what is your name"))


def test_what_no_skill_serves_is_asked_of_the_model_with_all_it_needs(recogniser: Recogniser) -> None:
    model = FakeModel(["{happy} ", "An otter."])
    talk = thinking(recogniser, model)
    talk.ask("what time is it")
    items = talk.ask("which animal sleeps holding hands")
    assert items == [Express(Emotion.HAPPY), Say("An otter.")]
    (prompt,) = model.prompts
    assert prompt.persona == "You are Pip."
    assert prompt.text == "which animal sleeps holding hands"
    assert prompt.notes == "(Tuesday, 3 March 2026, 15:05)"
    assert prompt.history[0] == Line(Who.PERSON, "what time is it")


def test_an_answer_of_the_model_is_no_answer_to_a_question_asked_before(recogniser: Recogniser) -> None:
    talk = thinking(recogniser, FakeModel(["Certainly."]))
    talk.ask("wave", certain=False)
    talk.ask("which animal sleeps holding hands")
    assert not [item for item in talk.ask("yes") if isinstance(item, Perform)]


def test_the_model_takes_in_persona_and_history_before_the_words_are_known(recogniser: Recogniser) -> None:
    model = FakeModel(["Yes."])
    talk = thinking(recogniser, model)
    line = Line(Who.PERSON, "hello")
    asyncio.run(talk.brain.prepare((line,)))
    assert [(prompt.persona, prompt.history, prompt.text) for prompt in model.prepared] == [
        ("You are Pip.", (line,), "")
    ]


@pytest.mark.parametrize("error", [MindError("It is gone."), RuntimeError("a bug of an engine")])
def test_a_model_that_cannot_get_ready_does_not_fail_the_turn(
    recogniser: Recogniser, error: Exception
) -> None:
    talk = thinking(recogniser, FakeModel([], fails=error))
    asyncio.run(talk.brain.prepare(()))
    with pytest.raises(type(error)):
        talk.ask("which animal sleeps holding hands")


def test_an_answer_that_is_no_longer_wanted_stops_the_model(recogniser: Recogniser) -> None:
    model = FakeModel(["one ", "two "] * 100)
    talk = thinking(recogniser, model)
    request = Request(1, "which animal sleeps holding hands", "en", True)

    async def story() -> None:
        items = talk.brain.reply(request, talk.brain.route(request)).items
        await anext(items)
        await items.aclose()  # type: ignore[attr-defined]

    asyncio.run(story())
    assert model.closed == 1


# --- with System 2 -------------------------------------------------------------------------------


@pytest.mark.parametrize("consent", [Consent(), Consent(transcripts=True, audio_stream=True)])
def test_what_tells_about_a_person_is_not_asked_of_system_2(recogniser: Recogniser, consent: Consent) -> None:
    far = FakeSystem2()
    talk = Conversation(recogniser, Minds(system_two=far, use=lambda: "prefer", consent=consent))
    private = [told.text for told in sentences("tuned") if told.classes]
    routes = {text: talk.route(text) for text in private}
    assert [text for text, route in routes.items() if Mind.SYSTEM_2 in (route.mind, route.rival)] == []


def test_what_tells_nothing_is_asked_of_system_2_where_it_is_preferred(recogniser: Recogniser) -> None:
    talk = Conversation(recogniser, Minds(system_two=FakeSystem2(), use=lambda: "prefer"))
    routes = [talk.route(told.text) for told in sentences("held_out") if not told.classes]
    assert {route.mind for route in routes} <= {Mind.SYSTEM_2, Mind.SKILL}
    assert sum(route.mind is Mind.SYSTEM_2 for route in routes) >= 25
