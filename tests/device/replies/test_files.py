"""Files of kept replies: what is written is read back the same, and what is wrong is told by its line."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.errors import RepliesError
from device.replies.files import SOURCES, Entry, Format, expires_s, read, rendered, until, written

FORMATS = get_args(Format)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
QUESTIONS = TEXTS.map(lambda text: " ".join(f"a{text}".split()))
ENTRIES = st.builds(
    Entry,
    question=QUESTIONS,
    reply=TEXTS.map(lambda text: f"b{text}"),
    also=st.lists(QUESTIONS, max_size=3).map(tuple),
    language=st.sampled_from(["en", "de"]),
    source=st.sampled_from(SOURCES),
    character=TEXTS,
    good_until=st.sampled_from(["", "2030-01-02T03:04:05+00:00"]),
)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=50)
@given(entries=st.lists(ENTRIES, max_size=4))
def test_what_was_written_is_read_back_the_same(form: Format, entries: list[Entry]) -> None:
    text = written(entries, form)
    assert [line.entry for line in read(text, form)] == entries
    assert written([line.entry for line in read(text, form) if line.entry], form) == text


def problems(text: str, form: Format) -> dict[int, str]:
    return {line.number: line.problem for line in read(text, form) if line.entry is None}


def test_what_is_wrong_in_a_csv_file_is_told_by_the_line_where_it_begins() -> None:
    text = (
        'question,reply,source\n"who\nare you",I am.\n,"two\nlines"\nwhy,…\nwhy,because,web\n'
        "why,so,person,more\n"
        f"why,{'x' * 2001}\nwhy,yes\n"
    )
    assert problems(text, "csv") == {
        4: "the question has no words",
        6: "the reply has no words",
        7: "web is no source: use pack, system_1, system_2, person",
        8: "it has more cells than the first line has names",
        9: "the reply is longer than 2000 characters",
    }
    assert [line.entry for line in read(text, "csv") if line.entry] == [
        Entry("who are you", "I am."),
        Entry("why", "yes"),
    ]


def test_what_is_wrong_in_a_json_file_is_told_by_the_line_where_it_begins() -> None:
    rows = (
        '{"question": "why",\n "reply": "so", "also": "how"}',
        '{"question": 3, "reply": "so"}',
        '"why"',
        '{"question": "why"}',
        '{"question": "why", "reply": "so", "uses": "1"}',
        '{"question": "why", "reply": "so", "good_until": "soon"}',
        '{"question": "why", "reply": "so"}',
    )
    for text in ("[\n" + ",\n".join(rows) + "\n]", "\n" + "\n".join(rows)):
        assert problems(text, "json") == {
            2: "everything is text here, and also is a list of texts",
            4: "everything is text here, and also is a list of texts",
            5: "it is no object with a question and a reply",
            6: "the reply has no words",
            7: "uses is nothing that is known here: use question, reply, also, language, source, character, "
            "good_until",
            8: "soon is no time: write 2030-12-31T12:00:00+00:00",
        }
        assert [line.entry for line in read(text, "json") if line.entry] == [Entry("why", "so")]


@pytest.mark.parametrize(
    ("text", "form", "told"),
    [
        ('[{"question": "why"\n', "json", "From line 2 on this is no JSON file"),
        ("why,so\n", "csv", "The first line of a CSV file names its columns"),
        ("", "csv", "The first line of a CSV file names its columns"),
        ('question,reply\nwhy,"so\n', "csv", "on this is no CSV file"),
    ],
)
def test_a_file_that_cannot_be_read_on_says_from_where(text: str, form: Format, told: str) -> None:
    with pytest.raises(RepliesError, match=told):
        list(read(text, form))


def test_a_file_without_rows_has_no_entries() -> None:
    for form in FORMATS:
        assert list(read(written([], form), form)) == []
    assert list(read("", "json")) == []


def test_a_time_goes_both_ways() -> None:
    assert until(None) == ""
    assert until(1e9) == "2001-09-09T01:46:40+00:00"
    assert expires_s(Entry("why", "so", good_until=until(1e9))) == 1e9
    assert expires_s(Entry("why", "so")) is None


def test_what_is_shown_for_programs_has_lists_as_lines_of_a_cell() -> None:
    rows = [{"id": 1, "questions": ["why", "how"], "used": None}]
    assert json.loads(rendered(rows, "json")) == rows
    assert rendered(rows, "csv") == 'id,questions,used\r\n1,"why\nhow",\r\n'
    assert rendered([], "csv") == ""


@pytest.mark.parametrize(
    "text",
    [
        'question;reply;also\r\nWho are you?;"Sam, your robot.";what are you\r\n',
        "question\treply\talso\nWho are you?\tSam, your robot.\twhat are you\n",
        'sep=;\r\n"question";"reply";"also"\r\nWho are you?;Sam, your robot.;what are you\r\n',
        'Question, Reply ,ALSO\r\nWho are you?,"Sam, your robot.",what are you\r\n',
        'question,reply,also,,\r\n,,,,\r\nWho are you?,"Sam, your robot.",what are you,,\r\n\r\n,,,,\r\n',
    ],
    ids=["semicolons", "tabs", "sep=", "capitals", "empty cells around"],
)
def test_what_a_spreadsheet_writes_is_read(text: str) -> None:
    assert [line.entry for line in read(text, "csv")] == [
        Entry("Who are you?", "Sam, your robot.", ("what are you",))
    ]


def test_a_cell_under_no_name_is_told() -> None:
    assert problems("question,reply,\nwhy,so,what\n", "csv") == {
        2: "it has more cells than the first line has names"
    }
