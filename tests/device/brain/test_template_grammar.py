"""Templates become word grammars that accept what the templates accept."""

from __future__ import annotations

import logging
import random

import pytest
from hassil import recognize
from hassil.intents import Intents
from hassil.sample import sample_intents

from device.brain.template_grammar import template_grammar
from device.brain.word_automaton import automaton

HOUSE = {
    "language": "en",
    "expansion_rules": {"what_is": "(what is|what's|what are)", "the_lamp": "[the] [(red|old)] lamp[s]"},
    "lists": {
        "level": {"range": {"from": 0, "to": 100, "step": 5}},
        "colour": {"values": ["red", "light blue", {"in": "(dark|deep) green", "out": "green"}]},
        "anything": {"wildcard": True},
    },
    "intents": {
        "time": {"data": [{"sentences": ["[tell me] <what_is> the time [now]", "what('s| is) it"]}]},
        "lamp": {
            "data": [
                {
                    "sentences": [
                        "(turn|switch) <the_lamp> (on|off)",
                        "light[s] up",
                        "make <the_lamp> {colour}",
                    ]
                },
                {"sentences": ["(quickly;now) dim it"]},
            ]
        },
        "level": {"data": [{"sentences": ["(set|put) <the_lamp> to {level} [percent]"]}]},
        "say": {"data": [{"sentences": ["say {anything}"]}]},
    },
}


def templates(*sentences: str, **more: object) -> Intents:
    intents = {"it": {"data": [{"sentences": list(sentences)}]}}
    return Intents.from_dict({"language": "en", "intents": intents, **more})


def accepted(intents: Intents, *sentences: str) -> list[str]:
    machine = automaton(template_grammar(intents))
    return [sentence for sentence in sentences if machine.accepts(sentence)]


@pytest.mark.parametrize(
    ("template", "inside", "outside"),
    [
        ("turn on", ["turn on"], ["turn", "on", "turn on on", ""]),
        ("[please] stop", ["stop", "please stop"], ["please"]),
        ("stop [please]", ["stop", "stop please"], ["please"]),
        ("(a|the) (lamp|light)", ["a lamp", "the light"], ["a the lamp", "alamp"]),
        ("light[s] on", ["light on", "lights on"], ["light s on", "lightson"]),
        ("what('s| is) it", ["what's it", "what is it"], ["what it", "what 's it"]),
        (
            "[re]play[ed|ing] it",
            ["play it", "replay it", "replaying it", "played it"],
            ["re it", "re play it"],
        ),
        ("(now;then) go", ["now then go", "then now go"], ["now go", "now now go"]),
        ("Stop, please!", ["stop please"], ["stop, please!"]),
        ("twenty-one", ["twenty one"], ["twenty-one"]),
        ("channel 5", ["channel five"], ["channel 5"]),
        ("channel {3..4:n}", ["channel three", "channel four"], ["channel five", "channel"]),
        ("[a] [b] c", ["c", "a c", "b c", "a b c"], ["b a c", "ab c"]),
    ],
)
def test_each_construct_is_translated(template: str, inside: list[str], outside: list[str]) -> None:
    assert accepted(templates(template), *inside, *outside) == inside


def test_lists_and_ranges_are_spoken_in_words() -> None:
    intents = Intents.from_dict(HOUSE)
    inside = [
        "set the lamp to twenty five percent",
        "make lamp deep green",
        "put lamps to one hundred",
    ]
    outside = ["set the lamp to twenty six percent", "set the lamp to 25", "make lamp green"]
    assert accepted(intents, *inside, *outside) == inside


def test_a_sentence_with_a_wildcard_is_left_out() -> None:
    assert accepted(Intents.from_dict(HOUSE), "say hello", "say") == []


def test_polite_words_may_surround_every_sentence() -> None:
    machine = automaton(template_grammar(templates("go"), before=["please", "can you"], after=["please"]))
    assert machine.accepts("can you go please")
    assert machine.accepts("go")
    assert not machine.accepts("can go")


def test_a_template_that_cannot_be_translated_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        machine = automaton(template_grammar(templates("go {nowhere}", "go <missing>", "go home")))
    assert machine.accepts("go home")
    assert "{nowhere}" in caplog.text
    assert "<missing>" in caplog.text


def test_every_sentence_of_the_templates_is_in_the_grammar() -> None:
    intents = Intents.from_dict(HOUSE)
    machine = automaton(template_grammar(intents))
    for _, sentence in sample_intents(intents, language="en", expand_ranges=False):
        if "{" not in sentence:
            assert machine.accepts(sentence), sentence


def test_grammar_and_templates_agree_on_random_words() -> None:
    """Half of the sentences are near misses: a word left out, doubled or exchanged."""
    intents = Intents.from_dict(HOUSE)
    del intents.intents["say"]
    grammar = template_grammar(intents)
    machine = automaton(grammar)
    words = sorted(grammar.words())
    samples = [
        text for _, text in sample_intents(intents, language="en", expand_ranges=False) if "{" not in text
    ]
    rng = random.Random(5)
    for _ in range(1500):
        sentence = rng.choice(samples).split()
        where = rng.randrange(len(sentence))
        sentence[where : where + rng.randrange(2)] = rng.choices(words, k=rng.randrange(2))
        text = " ".join(sentence)
        by_templates = bool(text) and recognize(text, intents, language="en") is not None
        assert machine.accepts(text) == by_templates, text
