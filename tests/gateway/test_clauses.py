"""Streams of words into clauses, with the moods taken out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clauses import LONGEST_CHARACTERS, Clause, Clauses


def cut(*pieces: str) -> list[Clause]:
    cutting = Clauses()
    return [clause for piece in pieces for clause in cutting.feed(piece)] + cutting.finish()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("One. Two! Three?", ["One. ", "Two! ", "Three?"]),
        ("Pi is 3.14 or so. Yes.", ["Pi is 3.14 or so. ", "Yes."]),
        ("Well, that is a question, and a long one.", ["Well, that is a question, ", "and a long one."]),
        ("Short, too. Then this one, which is long, stays whole.", None),
        ("", []),
        ("   \n", []),
        ("no end", ["no end"]),
        ('He said "yes." Then he went.', ['He said "yes." ', "Then he went."]),
    ],
)
def test_a_clause_ends_where_a_breath_is_taken(text: str, clauses: list[str] | None) -> None:
    wanted = clauses if clauses is not None else ["Short, too. ", text[len("Short, too. ") :]]
    assert [clause.text for clause in cut(text)] == wanted


def test_a_mood_belongs_to_the_clause_that_follows_it() -> None:
    assert cut("[hap", "py] Hello. [sad]", " [shout] Goodbye.") == [
        Clause("Hello. ", "happy"),
        Clause("[shout] Goodbye.", "sad"),
    ]


def test_a_mood_alone_is_kept_for_what_comes_after_it() -> None:
    assert cut("[calm]\n", "Sleep well.") == [Clause("Sleep well.", "calm")]


def test_what_never_ends_is_cut() -> None:
    clauses = cut("a" * 3 * LONGEST_CHARACTERS)
    assert [len(clause.text) for clause in clauses] == [LONGEST_CHARACTERS] * 3


@given(st.lists(st.text(alphabet="ab ,.!?\n"), max_size=20))
def test_no_word_is_lost_or_added_wherever_the_pieces_break(pieces: list[str]) -> None:
    whole = "".join("".join(pieces).split())
    assert "".join("".join(clause.text.split()) for clause in cut(*pieces)) == whole
    assert all(len(clause.text) <= LONGEST_CHARACTERS + 1 for clause in cut(*pieces))
