"""Which mind answers, and the reason a person is told."""

from __future__ import annotations

import pytest

from device.brain.dialogue import Memory
from device.brain.router import Facts, confirmed_command, route
from device.brain.skills import ACTING
from device.contracts import Intent, Mind

WAVE = Intent("gesture", {"gesture": "wave"})
JOKE = Intent("joke", {"topic": "cats"})


def facts(
    text: str = "some words",
    certain: bool = True,
    memory: Memory | None = None,
    system_1: bool = False,
) -> Facts:
    return Facts(text, certain, memory or Memory(), ACTING, system_1)


def test_a_recognised_intent_goes_to_its_skill() -> None:
    found = route(Intent("time"), facts())
    assert (found.mind, found.intent, found.reason) == (Mind.SKILL, Intent("time"), "the time skill")


@pytest.mark.parametrize(
    ("text", "certain", "phrase"),
    [
        ("", True, "nothing_heard"),
        ("  ", False, "nothing_heard"),
        ("mumble", False, "not_understood"),
        ("who painted this", True, "no_answer"),
    ],
)
def test_what_no_skill_serves_is_answered_by_a_stock_phrase(text: str, certain: bool, phrase: str) -> None:
    found = route(None, facts(text, certain))
    assert found.mind is Mind.STOCK
    assert found.intent == Intent(phrase)
    assert found.reason


def test_what_no_skill_serves_goes_to_the_language_model_where_there_is_one() -> None:
    found = route(None, facts("who painted this", system_1=True))
    assert (found.mind, found.intent) == (Mind.SYSTEM_1, None)


@pytest.mark.parametrize("text", ["", "mumble"])
def test_the_language_model_is_not_asked_about_what_was_not_heard_well(text: str) -> None:
    assert route(None, facts(text, certain=False, system_1=True)).mind is Mind.STOCK


def test_a_skill_is_served_without_the_language_model() -> None:
    assert route(Intent("time"), facts(system_1=True)).mind is Mind.SKILL


@pytest.mark.parametrize("command", [WAVE, Intent("volume", {"percent": 40})])
def test_an_acting_command_is_asked_back_when_uncertain(command: Intent) -> None:
    found = route(command, facts("Wave!", certain=False))
    assert found.intent is not None
    assert found.intent.name == "confirm"
    assert found.intent.slots["heard"] == "Wave"
    assert confirmed_command(found.intent) == command


@pytest.mark.parametrize("intent", [Intent("stop"), Intent("time"), JOKE])
def test_stopping_and_talking_are_never_asked_back(intent: Intent) -> None:
    assert route(intent, facts(certain=False)).intent == intent


@pytest.mark.parametrize("command", [WAVE, Intent("volume", {"change": "up"})])
def test_a_certain_command_is_carried_out(command: Intent) -> None:
    assert route(command, facts()).intent == command


@pytest.mark.parametrize("certain", [True, False])
def test_yes_carries_out_what_was_asked_back_and_no_does_not(certain: bool) -> None:
    asked = facts("yes", certain, Memory(pending=WAVE))
    assert route(Intent("yes"), asked).intent == WAVE
    assert route(Intent("no"), asked).intent == Intent("declined")


def test_yes_without_a_question_is_small_talk() -> None:
    assert route(Intent("yes"), facts()).intent == Intent("yes")


def test_something_else_is_answered_although_a_question_waits() -> None:
    assert route(JOKE, facts(memory=Memory(pending=WAVE))).intent == JOKE


def test_another_one_is_one_of_the_last_kind() -> None:
    assert route(Intent("another"), facts(memory=Memory(repeatable=JOKE))).intent == JOKE
    assert route(Intent("another"), facts()).intent == Intent("another")
