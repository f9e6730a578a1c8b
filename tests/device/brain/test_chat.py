"""Chat messages alternate, and what is cut is cut so that the beginning stays for many turns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.brain.chat import MESSAGE_TOKENS, UNSAID, Budget, Message, Window, chat, prompt_tokens
from device.contracts import Line, Prompt, Who
from device.errors import MindError

PERSONA = "You are a robot."


def words(text: str) -> int:
    return len(text.split())


def person(text: str) -> Line:
    return Line(Who.PERSON, text)


def device(text: str) -> Line:
    return Line(Who.DEVICE, text)


def talk(turns: int, first: int = 0) -> tuple[Line, ...]:
    """Each line costs 2 words and what is put around them."""
    return tuple(
        line for n in range(first, turns) for line in (person(f"question {n}"), device(f"answer {n}"))
    )


LINE = 2 + MESSAGE_TOKENS
lines = st.lists(st.builds(Line, st.sampled_from(Who), st.text(min_size=1, max_size=20)), max_size=30)


def test_the_notes_and_the_words_of_the_person_come_last() -> None:
    prompt = Prompt(PERSONA, (person("Hello."), device("Hi!")), notes="It is noon.", text="What time is it?")
    assert chat(prompt) == (
        Message("system", PERSONA),
        Message("user", "Hello."),
        Message("assistant", "Hi!"),
        Message("user", "It is noon.\n\nWhat time is it?"),
    )


def test_lines_of_one_speaker_in_a_row_are_one_message() -> None:
    history = (
        person("Hello."),
        device("Hi!"),
        device("Dinner is ready."),
        person("Good."),
        person("Really?"),
    )
    assert [message.content for message in chat(Prompt("", history, text="Hey!"))] == [
        "Hello.",
        "Hi! Dinner is ready.",
        "Good. Really?\n\nHey!",
    ]


def test_a_conversation_that_the_device_began_still_begins_with_the_person() -> None:
    messages = chat(Prompt("", (device("Did you sleep well?"),), text="Yes."))
    assert [message.content for message in messages] == [UNSAID, "Did you sleep well?", "Yes."]


@given(lines)
def test_roles_alternate_whatever_the_history(history: list[Line]) -> None:
    roles = [message.role for message in chat(Prompt(PERSONA, tuple(history), text="Now?"))]
    assert roles == ["system", *(["user", "assistant"] * len(roles))[: len(roles) - 1]]
    assert roles[-1] == "user"


def test_what_fits_is_shown_whole() -> None:
    prompt = Prompt(PERSONA, talk(5), "It is noon.", "What?")
    assert Window(Budget(1000, 500), words).fit(prompt) == prompt


def test_an_overflow_cuts_to_half_so_that_the_beginning_then_stays() -> None:
    window = Window(Budget(1000, 10 * LINE), words)
    begins = [window.fit(Prompt(PERSONA, talk(n))).history[0].text for n in range(1, 20)]
    kept_for = {0: 5, 4: 4, 8: 4, 12: 4, 16: 2}
    assert begins == [f"question {first}" for first, turns in kept_for.items() for _ in range(turns)]


def test_a_history_that_loses_its_oldest_lines_every_turn_still_keeps_the_beginning_for_some() -> None:
    window = Window(Budget(1000, 500), words)
    begins = [window.fit(Prompt(PERSONA, talk(n, n - 10))).history[0].text for n in range(10, 26)]
    assert len(set(begins)) == 4


def test_another_conversation_is_shown_whole() -> None:
    window = Window(Budget(1000, 500), words)
    window.fit(Prompt(PERSONA, talk(10)))
    other = tuple(Line(line.who, line.text + " anew") for line in talk(3))
    assert window.fit(Prompt(PERSONA, other)).history == other


@given(lines, st.integers(20, 300), st.integers(0, 300), st.text(max_size=400))
def test_everything_fits_and_the_persona_is_whole(
    history: list[Line], total: int, share: int, text: str
) -> None:
    budget = Budget(total + words(PERSONA) + 2 * MESSAGE_TOKENS, share)
    fitted = Window(budget, len).fit(Prompt("You.", tuple(history), text=text))
    assert fitted.persona == "You."
    assert text.endswith(fitted.text) or fitted.text == text[-len(fitted.text) :].strip()
    costs = [len(line.text) + MESSAGE_TOKENS for line in fitted.history]
    assert sum(costs) <= share
    assert 4 + MESSAGE_TOKENS + sum(costs) + len(fitted.text) <= budget.prompt_tokens


def test_a_huge_request_is_cut_from_its_beginning_at_a_word() -> None:
    window = Window(Budget(40, 10), words)
    text = " ".join(f"word{n}" for n in range(10_000))
    fitted = window.fit(Prompt(PERSONA, talk(2), text=text))
    assert fitted.text.split() == text.split()[-(40 - 4 - 2 * MESSAGE_TOKENS) :]
    assert fitted.history == ()


def test_a_huge_word_is_cut_inside() -> None:
    fitted = Window(Budget(60, 10), len).fit(Prompt("Hi.", (), text="a" * 5000 + "b"))
    assert fitted.text.endswith("ab")
    assert len(fitted.text) == 60 - 3 - 2 * MESSAGE_TOKENS


def test_a_persona_that_leaves_no_room_is_an_error_that_says_so() -> None:
    with pytest.raises(MindError, match="The persona is too long"):
        Window(Budget(10, 10), words).fit(Prompt("very " * 20, ()))


@pytest.mark.parametrize(("longest", "left"), [(160, 1888), (1024, 1024), (5000, 1024)])
def test_a_reply_never_takes_more_than_half_of_the_context(longest: int, left: int) -> None:
    assert prompt_tokens(2048, longest) == left
