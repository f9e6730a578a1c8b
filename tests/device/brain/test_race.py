"""Two minds at once: who is heard, who is stopped, and that nothing is left running."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator

import pytest

from device.brain.cascade import NobodyAnswered
from device.brain.race import race
from device.contracts import AnsweredBy, Audio, Emotion, Express, Mind, ReplyItem, Spoken
from device.errors import MindError
from device.pipeline import close
from tests.device.brain.scripted import Scripted, words
from tests.virtual_time import run

LONG = ["Here ", "is ", "one. "] + ["More ", "words. "] * 200
SOUND = Audio(b"\0\0" * 100, 16_000)


async def good(clause: str) -> bool:
    return "bad" not in clause


async def heard(
    *minds: Scripted, at_most: int = 10_000, into: list[ReplyItem] | None = None
) -> list[ReplyItem]:
    """What the race gives; closed after `at_most` items."""
    items = [] if into is None else into
    answer = race([mind.attempt for mind in minds], good)
    try:
        async for item in answer:
            items.append(item)
            if len(items) == at_most:
                break
    finally:
        await close(answer)
    return items


def deep(*items: ReplyItem | Exception | str, **how: float) -> Scripted:
    return Scripted(Mind.SYSTEM_2, items, **how)  # type: ignore[arg-type]


def fast(*items: ReplyItem | Exception | str, **how: float) -> Scripted:
    return Scripted(Mind.SYSTEM_1, items, **how)  # type: ignore[arg-type]


def winner(items: list[ReplyItem]) -> Mind:
    (by,) = [item for item in items if isinstance(item, AnsweredBy)]
    assert items[0] == by
    return by.mind


def test_the_first_good_clause_is_heard() -> None:
    items = run(heard(deep("Far away. ", "So.", first_s=1.0), fast("On board. ", "So.", first_s=0.3)))
    assert winner(items) is Mind.SYSTEM_1
    assert words(items) == "On board. So."


def test_a_clause_that_is_not_good_does_not_win_while_another_may_come() -> None:
    items = run(heard(deep("Far away. ", "So.", first_s=1.0), fast("A bad one. ", "So.", first_s=0.3)))
    assert winner(items) is Mind.SYSTEM_2
    assert words(items) == "Far away. So."


def test_a_clause_that_is_not_good_is_heard_when_nobody_has_a_better_one_in_time() -> None:
    async def story() -> float:
        minds = deep("Too late. ", first_s=5.0, words_s=6.0), fast("A bad one. ", first_s=0.3, words_s=8.0)
        minds[0].words_s = 1.5
        began_s = asyncio.get_running_loop().time()
        items = await heard(*minds)
        assert winner(items) is Mind.SYSTEM_1
        return asyncio.get_running_loop().time() - began_s

    assert run(story()) == pytest.approx(1.5, abs=0.1)


def test_of_two_that_are_not_good_the_deep_minds_is_heard() -> None:
    items = run(heard(deep("A bad far one. ", first_s=0.5), fast("A bad near one. ", first_s=0.3)))
    assert words(items) == "A bad far one. "


@pytest.mark.parametrize(
    "broken",
    [deep(MindError("It is gone.")), deep(), deep(Express(Emotion.SAD)), deep(" "), deep("No", first_s=9)],
)
def test_a_mind_without_an_answer_leaves_it_to_the_other_and_the_reason_is_told(broken: Scripted) -> None:
    items = run(heard(broken, fast("On board. ", first_s=1.0)))
    assert winner(items) is Mind.SYSTEM_1
    told = items[0]
    assert isinstance(told, AnsweredBy)
    assert ("System 2" in told.reason) == (broken.first_s == 0)
    assert broken.closed == broken.asked == 1


def test_nobody_answers_when_neither_does() -> None:
    with pytest.raises(
        NobodyAnswered, match=r"System 2 did not answer: It is gone\. and System 1 had no words"
    ):
        run(heard(deep(MindError("It is gone.")), fast("No", first_s=9.0)))


def test_a_failure_of_the_winner_is_final() -> None:
    items: list[ReplyItem] = []
    broken = deep("Far. ", "Away. ", MindError("It broke off."))
    with pytest.raises(MindError, match="broke off"):
        run(heard(broken, fast("On. ", first_s=1), into=items))
    assert words(items) == "Far. Away. "


def test_a_bug_of_one_mind_is_no_bug_of_the_race() -> None:
    assert winner(run(heard(deep(KeyError("bug")), fast("On board. ", first_s=1.0)))) is Mind.SYSTEM_1


def test_sound_with_its_words_can_win() -> None:
    items = run(heard(deep(Spoken("Far away.", SOUND)), fast("On board. ", first_s=1.0)))
    assert items[1:] == [Spoken("Far away.", SOUND)]


def test_the_loser_is_stopped_within_one_token_and_before_the_winner_goes_on() -> None:
    loser = fast(*LONG, first_s=0.3, every_s=0.01)
    by_then: list[int] = []

    async def story() -> None:
        answer = race([deep("Far away. ", *LONG).attempt, loser.attempt], good)
        async for item in answer:
            if isinstance(item, AnsweredBy):
                by_then.append(loser.given)
            await asyncio.sleep(0.05)

    run(story())
    assert loser.closed == 1
    assert loser.given <= by_then[0] + 1


def test_a_loser_that_is_slow_to_stop_delays_nobody() -> None:
    async def story() -> float:
        began_s = asyncio.get_running_loop().time()
        answer = race([deep("Far away. ", "So.").attempt, fast("On", first_s=5, closing_s=30).attempt], good)
        async for item in answer:
            if item != AnsweredBy(Mind.SYSTEM_2, "System 2 had the first good clause"):
                break
        took_s = asyncio.get_running_loop().time() - began_s
        await close(answer)
        return took_s

    assert run(story()) < 0.1


@pytest.mark.parametrize("slow_s", [0.0, 0.4])
def test_a_loser_that_breaks_when_it_is_stopped_harms_nobody(slow_s: float) -> None:
    loser = fast("On board. ", "So.", first_s=slow_s, every_s=0.2)
    loser.breaks_closing = True
    assert words(run(heard(deep("Far away. ", "So."), loser))) == "Far away. So."


def any_mind(mind: Mind, rng: random.Random) -> Scripted:
    items: list[ReplyItem | Exception | str] = list(rng.choice([LONG, LONG[:4], ["A bad one. ", "So."], []]))
    if rng.random() < 0.3:
        items.insert(rng.randint(0, len(items)), rng.choice([MindError("gone"), KeyError("bug")]))
    return Scripted(
        mind, items, rng.uniform(0, 3), rng.uniform(0, 0.1), rng.uniform(0.1, 3), rng.choice([0, 0, 0.2])
    )


async def _cut_off(minds: list[Scripted], after_s: float) -> None:
    """Read by a task that is cancelled at a point in time, as a turn is by a barge-in."""

    async def read() -> None:
        answer: AsyncIterator[ReplyItem] = race([mind.attempt for mind in minds], good)
        try:
            with contextlib.suppress(MindError, KeyError):
                async for _ in answer:
                    await asyncio.sleep(0.02)
        finally:
            await close(answer)

    task = asyncio.get_running_loop().create_task(read())
    await asyncio.sleep(after_s)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@pytest.mark.parametrize("seed", range(60))
def test_wherever_it_is_cut_off_nothing_is_left_running(seed: int) -> None:
    rng = random.Random(seed)
    minds = [any_mind(mind, rng) for mind in (Mind.SYSTEM_2, Mind.SYSTEM_1)]
    run(_cut_off(minds, rng.uniform(0, 5)))
    assert all(mind.closed == mind.asked for mind in minds)


@pytest.mark.parametrize("seed", range(60))
def test_wherever_it_is_closed_nothing_is_left_running(seed: int) -> None:
    rng = random.Random(seed)
    minds = [any_mind(mind, rng) for mind in (Mind.SYSTEM_2, Mind.SYSTEM_1)]

    async def story() -> None:
        with contextlib.suppress(MindError, KeyError):
            await heard(*minds, at_most=rng.randint(1, 12))
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(story())
    assert all(mind.closed == mind.asked for mind in minds)
