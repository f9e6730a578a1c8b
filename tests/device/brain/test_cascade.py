"""The fall from mind to mind."""

from __future__ import annotations

import asyncio

import pytest

from device.brain.cascade import Attempt, cascade
from device.contracts import AnsweredBy, Emotion, Express, Mind, ReplyItem
from device.errors import MindError, NoSystem2, StageTimeout
from tests.device.brain.scripted import Scripted, words
from tests.virtual_time import run

KEPT = Scripted(Mind.CACHE, ["As kept."])


async def read(attempts: list[Attempt], items: list[ReplyItem]) -> float:
    """Into `items`; seconds until the first."""
    began_s = asyncio.get_running_loop().time()
    first_s = 0.0
    async for item in cascade(attempts, next_words_s=3.0):
        first_s = first_s or asyncio.get_running_loop().time() - began_s
        items.append(item)
    return first_s


def heard(*minds: Scripted) -> list[ReplyItem]:
    items: list[ReplyItem] = []
    run(read([mind.attempt for mind in minds], items))
    assert all(mind.closed == mind.asked for mind in minds)
    return items


def falls(items: list[ReplyItem]) -> list[AnsweredBy]:
    return [item for item in items if isinstance(item, AnsweredBy)]


def deep(*items: ReplyItem | Exception | str, first_s: float = 0.0, words_s: float = 1.5) -> Scripted:
    return Scripted(Mind.SYSTEM_2, items, first_s, words_s=words_s)


def fast(*items: ReplyItem | Exception | str, first_s: float = 0.0) -> Scripted:
    return Scripted(Mind.SYSTEM_1, items, first_s, words_s=8.0)


def test_who_begins_in_time_answers_alone() -> None:
    below = fast("On board.")
    assert words(heard(deep("Far ", "away."), below)) == "Far away."
    assert below.asked == 0


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (deep("Late.", first_s=9.0), "System 2 had no words within 1.5 s"),
        (deep(NoSystem2("The link was lost.")), "System 2 did not answer: The link was lost."),
        (deep(), "System 2 did not answer: The mind gave no answer."),
        (deep(Express(Emotion.HAPPY), "  "), "System 2 did not answer: The mind gave no answer."),
        (deep(ZeroDivisionError()), "System 2 failed"),
        (
            deep(MindError("It does not want to.", "“who hid my purse”")),
            "System 2 did not answer: It does not want to.",
        ),
    ],
)
def test_who_does_not_is_followed_by_the_next_and_the_reason_is_told(broken: Scripted, why: str) -> None:
    items = heard(broken, fast("On board."))
    assert items[0] == AnsweredBy(Mind.SYSTEM_1, why)
    assert words(items) == "On board."


def test_the_fall_goes_all_the_way_in_order() -> None:
    items = heard(deep("Late.", first_s=9.0), fast(MindError("It is gone.")), KEPT)
    assert [by.mind for by in falls(items)] == [Mind.SYSTEM_1, Mind.CACHE]
    assert words(items) == "As kept."


def test_the_last_ones_error_is_raised_and_the_stock_phrase_announced() -> None:
    items: list[ReplyItem] = []
    minds = [deep(NoSystem2("The link was lost.")), fast(MindError("It is gone."))]
    with pytest.raises(MindError, match=r"It is gone\."):
        run(read([mind.attempt for mind in minds], items))
    assert [by.mind for by in falls(items)] == [Mind.SYSTEM_1, Mind.STOCK]


def test_a_mind_that_has_begun_is_not_replaced() -> None:
    below = fast("On board.")
    with pytest.raises(MindError, match="broke off"):
        heard(deep("Far ", MindError("It broke off.")), below)
    assert below.asked == 0


def test_a_mind_that_stops_in_the_middle_is_given_up() -> None:
    silent = Scripted(Mind.SYSTEM_2, ["Far ", "away."], every_s=4.0, words_s=5.0)
    with pytest.raises(StageTimeout):
        heard(silent, fast("On board."))
    assert silent.closed == 1


def test_a_link_that_is_lost_is_not_waited_for() -> None:
    items: list[ReplyItem] = []
    minds = [deep(NoSystem2("The link was lost.")), fast("On board.")]
    assert run(read([mind.attempt for mind in minds], items)) < 0.1


def test_without_minds_there_is_an_error() -> None:
    with pytest.raises(MindError):
        heard()
