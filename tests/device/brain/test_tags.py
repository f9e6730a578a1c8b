"""Emotions and gestures in a reply are acted on and never spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.tags import LONGEST_TAG, TagReader, without_tags
from device.contracts import Emotion, Express, Gesture, Perform, ReplyItem, Say

HAPPY, WAVE = Express(Emotion.HAPPY), Perform(Gesture.WAVE)


def read(*deltas: str) -> list[ReplyItem]:
    reader = TagReader()
    items = [item for delta in deltas for item in reader.feed(delta)]
    return [*items, *reader.finish()]


def merged(items: list[ReplyItem]) -> list[ReplyItem]:
    """Neighbouring words in one piece."""
    whole: list[ReplyItem] = []
    for item in items:
        if whole and isinstance(item, Say) and isinstance(last := whole[-1], Say):
            whole[-1] = Say(last.text + item.text)
        else:
            whole.append(item)
    return whole


@pytest.mark.parametrize(
    ("reply", "items"),
    [
        ("Hello.", [Say("Hello.")]),
        ("{happy} Hello {wave}there.", [HAPPY, Say("Hello "), WAVE, Say("there.")]),
        ("Bye! {wave}", [Say("Bye! "), WAVE]),
        ("Hello {wave} there.", [Say("Hello "), WAVE, Say("there.")]),
        ("{HAPPY}{ Look-Left }", [HAPPY, Perform(Gesture.LOOK_LEFT)]),
        ("{emotion: happy}{gesture=wave}", [HAPPY, WAVE]),
        ("{smiles warmly at you} Hi.", [Say("Hi.")]),
        ("{}Hi.", [Say("Hi.")]),
        ("a } b", [Say("a  b")]),
        ("One. {wave}\n Two.", [Say("One. "), WAVE, Say("\n Two.")]),
        ("{{happy}} Hi.", [HAPPY, Say("Hi.")]),
        ("Hel{happy}lo there{wave}.", [Say("Hello"), HAPPY, Say(" there"), WAVE, Say(".")]),
        ("Hel{happy}lo", [Say("Hello"), HAPPY]),
        ("Bye. {happy", [Say("Bye. ")]),
        ("Bye. {hap", [Say("Bye. ")]),
        ("Bye. {emotion: ha", [Say("Bye. ")]),
        ("Bye. {Gest", [Say("Bye. ")]),
        ("{happy to see you", [Say("happy to see you")]),
        ("{hap{wave}", [WAVE]),
        ("{oh {wave}", [Say("oh "), WAVE]),
        ("", []),
    ],
)
def test_a_reply(reply: str, items: list[ReplyItem]) -> None:
    assert merged(read(reply)) == items


def test_a_brace_that_stays_open_costs_no_words() -> None:
    long = "x" * (LONGEST_TAG + 5)
    assert merged(read("{" + long + " and more")) == [Say(long + " and more")]


REPLIES = st.text(st.sampled_from("{} ahpywve:\n") | st.characters(), max_size=200)


@given(REPLIES, st.lists(st.integers(0, 200)))
def test_the_same_however_it_is_broken_up(reply: str, cuts: list[int]) -> None:
    places = sorted({0, len(reply), *(min(cut, len(reply)) for cut in cuts)})
    pieces = [reply[a:b] for a, b in pairwise(places)]
    assert merged(read(*pieces)) == merged(read(reply))


@given(REPLIES)
def test_no_brace_is_ever_spoken(reply: str) -> None:
    said = "".join(item.text for item in read(reply) if isinstance(item, Say))
    assert not {"{", "}"} & set(said)


def test_closing_a_reply_closes_the_model() -> None:
    closed = []

    async def model() -> AsyncIterator[str]:
        try:
            while True:
                yield "{happy} on and on "
        finally:
            closed.append(True)

    async def story() -> None:
        items = without_tags(model())
        assert await anext(items) == HAPPY
        await items.aclose()  # type: ignore[attr-defined]

    asyncio.run(story())
    assert closed == [True]
