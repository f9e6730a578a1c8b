"""Clauses: nothing lost, nothing parted that belongs together, the same however the text arrives."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from device.brain.chunker import FIRST, LATER, UNSPEAKABLE_MAX, ClauseSplitter, in_clauses

WORDS = [
    "yes",
    "dragon",
    "I",
    "and",
    "because",
    "the",
    "London",
    "cannot",
    "o'clock",
    "tea-time",
    "we",
    "Paris",
]
NUMBERS = ["3.14", "1,000", "10:30", "-7", "1,000,000.50", "50%", "$3.50", "1/2", "2026-11-21", "v1.2.3"]
ADDRESSES = ["https://example.com/a.b?c=d,e", "a.b@example.org", "www.example.com"]
GLUED = ["Dr.", "Mr.", "e.g.", "i.e.", "vs.", "U.S.", "Prof.", "St."]
EMOJI = ["🎉", "👨‍👩‍👧‍👦", "🇬🇧", "👍🏽", "❤️", "1️⃣", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
MARKS = [".", ",", "!", "?", "...", "…", ";", ":", "?!", '."', ".)", "”", "!’"]
SPACES = [" ", " ", "  ", "\n", "\n\n- "]

atoms = st.sampled_from(WORDS + NUMBERS + ADDRESSES + EMOJI) | st.builds(
    str.__add__, st.sampled_from(WORDS), st.sampled_from(MARKS)
)
spaced_texts = st.lists(atoms, max_size=60).map(" ".join)
messy_texts = st.lists(
    st.sampled_from(
        WORDS
        + NUMBERS
        + ADDRESSES
        + GLUED
        + EMOJI
        + MARKS
        + [" ", " ", "  ", "\n", "\n\n- ", "—", " – ", "。", "你好", "、"]
    ),
    max_size=80,
).map("".join)
any_texts = spaced_texts | messy_texts | st.text(max_size=600)


def split(text: str) -> list[str]:
    splitter = ClauseSplitter()
    return splitter.feed(text) + splitter.flush()


def without_space(text: str) -> str:
    return "".join(text.split())


def longest_unspeakable_run(text: str) -> int:
    longest = run = 0
    for char in text:
        run = 0 if char.isalnum() else run + 1
        longest = max(longest, run)
    return longest


@given(any_texts)
def test_nothing_is_lost_and_nothing_doubled(text: str) -> None:
    clauses = split(text)
    if not clauses:
        assert not any(char.isalnum() for char in text)
    elif longest_unspeakable_run(text) < UNSPEAKABLE_MAX:
        assert without_space("".join(clauses)) == without_space(text)


@given(any_texts)
def test_letters_and_digits_survive_any_amount_of_punctuation(text: str) -> None:
    assert [c for c in "".join(split(text)) if c.isalnum()] == [c for c in text if c.isalnum()]


@given(any_texts, st.lists(st.integers(0, 600), max_size=30))
def test_clauses_do_not_depend_on_where_the_deltas_break(text: str, breaks: list[int]) -> None:
    places = sorted({0, len(text), *(at for at in breaks if at < len(text))})
    splitter = ClauseSplitter()
    clauses = [clause for a, b in itertools.pairwise(places) for clause in splitter.feed(text[a:b])]
    assert clauses + splitter.flush() == split(text)


@given(any_texts)
def test_one_character_at_a_time_gives_the_same_clauses(text: str) -> None:
    splitter = ClauseSplitter()
    assert [clause for char in text for clause in splitter.feed(char)] + splitter.flush() == split(text)


@given(any_texts)
@example("... !!! \n\n --- 🎉🎉")
def test_every_clause_can_be_spoken(text: str) -> None:
    for clause in split(text):
        assert any(char.isalnum() for char in clause)
        assert clause == clause.strip()


@given(any_texts | st.text(alphabet="ab 。你.!3", min_size=200, max_size=2000))
@example("word " * 500)
@example("a" * 2000)
@example("你" * 2000)
@example("a" + "\u0301" * 2000)
@example("1" * 2000)
def test_no_clause_is_longer_than_its_limit(text: str) -> None:
    assert all(len(clause) <= LATER.longest for clause in split(text))


@given(any_texts)
def test_the_first_clause_is_short_unless_it_is_one_word(text: str) -> None:
    for first in split(text)[:1]:
        assert len(first) <= FIRST.longest or len([w for w in first.split() if any(map(str.isalnum, w))]) == 1


@given(spaced_texts)
def test_numbers_addresses_and_graphemes_stay_whole(text: str) -> None:
    if longest_unspeakable_run(text) < UNSPEAKABLE_MAX:
        words = [word for clause in split(text) for word in clause.split()]
        assert words == text.split() or not any(c.isalnum() for c in text)


@given(
    st.lists(
        st.builds("{} {}".format, st.sampled_from(GLUED), st.sampled_from(["Smith", "Jones", "Lee"])),
        max_size=9,
    )
)
def test_no_clause_ends_in_an_abbreviation(names: list[str]) -> None:
    for clause in split(", and ".join(names)):
        assert not clause.endswith(tuple(GLUED))


@given(
    st.lists(st.sampled_from(["e\u0301", "क्षि", "你", "x", "👍🏽", "🇬🇧"]), min_size=100, max_size=300).map(
        "".join
    )
)
def test_no_clause_begins_inside_a_grapheme(text: str) -> None:
    for clause in split(text)[1:]:
        assert clause[0] in "eक你x"


TABLE: list[tuple[str, list[str]]] = [
    ("", []),
    ("   \n ", []),
    ("...", []),
    ("hello", ["hello"]),
    ("Hi! How are you?", ["Hi!", "How are you?"]),
    (
        "The capital of France is Paris, and two million people live there. It lies on the Seine.",
        ["The capital of France is Paris,", "and two million people live there.", "It lies on the Seine."],
    ),
    ("Yes, of course. I can do that for you today.", ["Yes, of course.", "I can do that for you today."]),
    ("Dr. Smith is here. Mr. J. Jones is not.", ["Dr. Smith is here.", "Mr. J. Jones is not."]),
    ("It is 7 a.m. now. We rise.", ["It is 7 a.m. now.", "We rise."]),
    ("It ends at 10 p.m. Then we sleep.", ["It ends at 10 p.m.", "Then we sleep."]),
    ("It is No. 5. No. It is not.", ["It is No. 5.", "No. It is not."]),
    ("Pi is 3.14. It goes on.", ["Pi is 3.14.", "It goes on."]),
    (
        "Fruit, e.g. pears, grows in the U.S. Midwest. Fine.",
        ["Fruit, e.g. pears,", "grows in the U.S. Midwest.", "Fine."],
    ),
    ("I saw the sun. It was warm.", ["I saw the sun.", "It was warm."]),
    ("So am I. You too.", ["So am I.", "You too."]),
    ("Well... I think so.", ["Well...", "I think so."]),
    ("well... maybe so", ["well... maybe so"]),
    ("Well… Let me see…", ["Well…", "Let me see…"]),
    ('"Stop!" she said to the big dog.', ['"Stop!" she said to the big dog.']),
    ('He said "Go home." She went.', ['He said "Go home."', "She went."]),
    ("It works (I think.) Good.", ["It works (I think.)", "Good."]),
    ("Really?! Yes.", ["Really?!", "Yes."]),
    ("Great job! 🎉 What next?", ["Great job! 🎉", "What next?"]),
    ("Fun! 👨‍👩‍👧‍👦🇬🇧👍🏽 (More?)", ["Fun! 👨‍👩‍👧‍👦🇬🇧👍🏽", "(More?)"]),
    (
        "Three things:\n1. Apples\n2. Pears\n- Plums\n\nDone.",
        ["Three things:", "1. Apples", "2. Pears", "- Plums", "Done."],
    ),
    ("你好。我是机器人！", ["你好。", "我是机器人！"]),
    ("नमस्ते दोस्तों। आप कैसे हैं?", ["नमस्ते दोस्तों।", "आप कैसे हैं?"]),
    ("مرحبا يا صديقي؟ نعم.", ["مرحبا يا صديقي؟", "نعم."]),
    ("Bonjour ! Ça va ?", ["Bonjour !", "Ça va ?"]),
    (
        "one two three four five six seven eight nine ten",
        ["one two three four five six seven eight", "nine ten"],
    ),
    ("we went all the way up to the top of the hill", ["we went all the way up", "to the top of the hill"]),
    ("Call me on 555 123 4567 8910 1112 1314.", ["Call me", "on 555 123 4567 8910 1112 1314."]),
    (
        "It stands at the far end of our garden and it is old.",
        ["It stands at the far end", "of our garden and it is old."],
    ),
]


@pytest.mark.parametrize(("text", "clauses"), TABLE)
def test_clauses_of(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_a_sentence_end_waits_for_the_letter_that_follows_it() -> None:
    splitter = ClauseSplitter()
    assert splitter.feed("It is 3.") == []
    assert splitter.feed("14. ") == []
    assert splitter.feed("Y") == ["It is 3.14."]
    assert splitter.flush() == ["Y"]


def test_an_unknown_language_is_cut_by_punctuation() -> None:
    splitter = ClauseSplitter("xx")
    assert splitter.feed("Guten Tag. Wie geht es?") + splitter.flush() == ["Guten Tag.", "Wie geht es?"]


def test_a_whole_text_is_cut_as_it_would_be_spoken() -> None:
    assert in_clauses("Owls hunt at night, because mice come out in the dark. ") == (
        "Owls hunt at night,",
        "because mice come out in the dark.",
    )
    assert in_clauses(" … ") == ()
