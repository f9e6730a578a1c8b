"""An answer goes on from what was said, without a second greeting."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.brain.openings import Continuation, Opening, continued, needless
from device.contracts import Audio, Emotion, Express, ReplyItem, Say, Spoken
from tests.virtual_time import run

TABLE = needless("en")
SAID = "Let me think about that."
SOUND = Audio(b"\0\0" * 10, 16_000)


def rest(text: str, said: str = SAID, pieces: int = 1, table: frozenset[Opening] = TABLE) -> str:
    continuation = Continuation(said, table)
    cut = [text[i : i + pieces] for i in range(0, len(text), pieces)]
    return "".join(map(continuation.feed, cut)) + continuation.finish()


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("Sure! The sky is blue.", "The sky is blue."),
        ("Hello, the sky is blue.", "The sky is blue."),
        ("Of course. Great question! The sky is blue.", "The sky is blue."),
        ("sure, well, the sky", "The sky"),
        ("That’s a great question! Light scatters.", "Light scatters."),
        ("Let me think about that. Light scatters.", "Light scatters."),
        ("Okay... light scatters.", "Light scatters."),
        ("Hello!\n\nLight scatters.", "Light scatters."),
        ("Sure — light", "Light"),
        ("Sure", ""),
        ("  Sure!  ", ""),
        ("Sure-footed goats climb.", "Sure-footed goats climb."),
        ("Well water is clean.", "Well water is clean."),
        ("Hello Kitty is a cat.", "Hello Kitty is a cat."),
        ("Right angles have 90 degrees.", "Right angles have 90 degrees."),
        ("the sky", "the sky"),
        ("", ""),
    ],
)
def test_only_openings_are_left_out(text: str, new: str) -> None:
    assert rest(text) == new


def test_what_was_said_is_not_said_again() -> None:
    assert rest("I am thinking. The sky is blue.", said="I am thinking.") == "The sky is blue."
    assert rest("Hm, a hard one! I am thinking. Blue.", said="Hm, a hard one! I am thinking.") == "Blue."
    assert rest("I am thinking. Blue.", said="") == "I am thinking. Blue."


def test_an_opening_is_left_out_only_at_the_beginning() -> None:
    assert rest("The sky. Sure! Blue.") == "The sky. Sure! Blue."


texts = st.lists(
    st.sampled_from(
        [" ".join(words) for words in sorted(TABLE)] + ["the sky", "Blue", "!", ", ", ". ", " ", "\n", "…"]
    ),
    max_size=6,
).map("".join)


@settings(deadline=None)
@given(texts | st.text(max_size=80), st.integers(1, 9))
def test_it_does_not_matter_how_the_text_is_broken_up(text: str, pieces: int) -> None:
    assert rest(text, pieces=pieces) == rest(text, pieces=max(1, len(text)))


@settings(deadline=None)
@given(texts | st.text(max_size=80))
def test_nothing_but_the_beginning_is_changed(text: str) -> None:
    new = rest(text)
    assert text.lower().endswith(new[1:].lower())
    assert len(new) <= len(text)


@settings(deadline=None)
@given(texts | st.text(max_size=80))
def test_what_begins_with_no_opening_passes_whole(text: str) -> None:
    assert rest(f"Otters {text}") == f"Otters {text}"


@settings(deadline=None)
@given(st.text(max_size=300), st.integers(1, 20))
def test_little_is_held_back(text: str, pieces: int) -> None:
    continuation = Continuation(SAID, TABLE)
    longest = max(sum(map(len, opening)) + 17 * len(opening) for opening in TABLE) + 17
    for at in range(0, len(text), pieces):
        continuation.feed(text[at : at + pieces])
        assert len(continuation._held) <= longest


def through(*items: ReplyItem) -> list[ReplyItem]:
    async def story() -> list[ReplyItem]:
        async def source() -> AsyncIterator[ReplyItem]:
            for item in items:
                yield item

        return [item async for item in continued(source(), SAID, TABLE)]

    return run(story())


def test_looks_and_acts_pass_in_their_place() -> None:
    look = Express(Emotion.HAPPY)
    assert through(Say("Su"), look, Say("re! The "), Say("sky.")) == [look, Say("The "), Say("sky.")]


def test_sound_that_only_opens_is_left_out_and_any_other_stays_whole() -> None:
    greeting, both = Spoken("Sure!", SOUND), Spoken("Sure, it is blue.", SOUND)
    assert through(greeting, both) == [both]
    assert through(both, greeting) == [both, greeting]


def test_what_was_held_back_comes_when_nothing_follows() -> None:
    assert through(Say("Sure thing is")) == [Say("Sure thing is")]
