"""Grammars of words: what may be done to them, and their JSGF."""

from __future__ import annotations

import pocketsphinx
import pytest

from device.brain.speech_grammar import (
    IMPOSSIBLE,
    SILENCE,
    Choice,
    Grammar,
    Node,
    Ref,
    Seq,
    Word,
    choice,
    seq,
)
from device.brain.word_automaton import automaton

A, B, C, D = map(Word, "abcd")


@pytest.mark.parametrize(
    ("node", "simple"),
    [
        (seq([A]), A),
        (seq([A, seq([B, C])]), Seq((A, B, C))),
        (seq([A, IMPOSSIBLE]), IMPOSSIBLE),
        (seq([SILENCE, A]), A),
        (choice([A]), A),
        (choice([A, A]), A),
        (choice([A, choice([B, C])]), Choice((A, B, C))),
        (choice([seq([A, B]), seq([A, C])]), Seq((A, Choice((B, C))))),
        (choice([seq([A, B]), A]), Seq((A, Choice((B, SILENCE))))),
    ],
)
def test_trees_take_their_simplest_form(node: Node, simple: Node) -> None:
    assert node == simple


def test_what_needs_a_word_that_is_taken_away_goes_with_it() -> None:
    rules: dict[str, Node] = {"list": Choice((A, B)), "lost": B}
    grammar = Grammar(
        (seq([C, Ref("list")]), seq([D, Ref("lost")]), seq([choice([SILENCE, B]), D])), rules, before=B
    )
    machine = automaton(grammar.without(frozenset("b")))
    said = ["c a", "d", "c b", "d b", "b d", "b c a"]
    assert [sentence for sentence in said if machine.accepts(sentence)] == ["c a", "d"]


def test_jsgf_is_understood_by_pocketsphinx() -> None:
    """Loading it checks the syntax, every word and every reference."""
    rules: dict[str, Node] = {"number": choice(map(Word, ["one", "two"]))}
    sentence = seq([choice([Word("go"), seq([Word("go"), Word("to")])]), Ref("number")])
    grammar = Grammar((sentence, Word("stop")), rules, before=choice([SILENCE, Word("please")]))
    text = grammar.jsgf()
    assert "<sentence_1> = go [to] <number>;" in text
    assert "public <commands> = [please] (<sentence_1> | <sentence_2>);" in text
    pocketsphinx.Decoder(lm=None, loglevel="FATAL").add_jsgf_string("commands", text)
