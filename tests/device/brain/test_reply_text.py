"""Only whole characters of the reply itself come out, however it was broken up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.reply_text import ReplyText

MARKERS = ("<end>", "\nPerson:")


def said(text: str, size: int, *, markers: tuple[str, ...] = MARKERS, thinking: bool = False) -> str:
    """What is left of `text`, fed `size` bytes at a time."""
    reply = ReplyText(markers, thinking=thinking)
    raw = text.encode()
    pieces = [reply.feed(raw[i : i + size]) for i in range(0, len(raw), size)]
    return "".join(pieces) + reply.finish()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("Grüße, 世界 🤖!", "Grüße, 世界 🤖!"),
        (" \n Hello", "Hello"),
        ("Yes.<end>\n<turn>user\nNo", "Yes."),
        ("Yes.\nPerson: And you?", "Yes."),
        ("a < b\nPerson", "a < b\nPerson"),
        ("<think>They said hi.</think>\n\nHi!", "Hi!"),
        ("<think>a <end> b</think>Hi!<end>", "Hi!"),
        ("<think>never ends", ""),
        ("Well <think>hm</think>then", "Well then"),
        ("<<<end>", "<<"),
    ],
)
def test_what_is_left_of_a_reply(written: str, left: str, size: int) -> None:
    assert said(written, size) == left


def test_a_reply_that_begins_inside_a_thought_begins_after_it() -> None:
    assert said("so be it.</think>Hello.", 2, thinking=True) == "Hello."


def test_text_is_not_held_back_longer_than_it_could_become_a_marker() -> None:
    reply = ReplyText(MARKERS)
    assert reply.feed(b"Hello <e") == "Hello "
    assert reply.feed(b"h>") == "<eh>"


def test_half_a_character_at_the_end_is_not_said() -> None:
    assert said("", 1) == ""
    reply = ReplyText()
    assert reply.feed("é".encode()[:1]) + reply.finish() == ""


@given(st.text(), st.integers(1, 9))
def test_a_text_without_markers_comes_out_as_it_is(text: str, size: int) -> None:
    if "<" not in text:
        assert said(text, size, markers=("<end>",)) == text.lstrip()
