from __future__ import annotations

import random

import pytest

from device.brain import packs
from device.brain.fixed_sentences import fixed_sentences
from device.brain.safety.rules import load_rules
from device.contracts import Stock

SENTENCES = fixed_sentences("en", "US")


@pytest.mark.parametrize("stock", Stock)
def test_every_wording_of_every_stock_phrase_is_there(stock: Stock) -> None:
    say = packs.phrases("en")
    assert {say(stock) for _ in range(10)} <= set(SENTENCES)


def test_what_only_the_onboard_mind_says_is_there() -> None:
    assert packs.load("en", random.Random(1)).phrases.say("no_answer") in SENTENCES


def test_what_opens_an_answer_is_there_because_it_has_to_be_quick() -> None:
    say = packs.load("en", random.Random(1)).phrases.say
    assert {say("thinking") for _ in range(10)} <= set(SENTENCES)


def test_what_is_said_of_promises_is_there_because_it_is_said_where_nobody_answers() -> None:
    say = packs.promise_phrases("en").say
    assert {say(name) for name in ("excuse_offline", "promise_kept", "promise_offer")} <= set(SENTENCES)


def test_whatever_the_gate_says_instead_is_there_with_the_contacts_of_the_country() -> None:
    assert {rule.say_instead for rule in load_rules("en", "US").rules} <= set(SENTENCES)
    assert fixed_sentences("en", "GB") != SENTENCES


def test_no_sentence_has_a_gap_and_none_comes_twice() -> None:
    assert not [sentence for sentence in SENTENCES if "{" in sentence or not sentence.strip()]
    assert len(set(SENTENCES)) == len(SENTENCES)
