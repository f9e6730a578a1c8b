"""What was found out is told: when, to whom, and once."""

from __future__ import annotations

import asyncio

import pytest

from device.contracts import (
    Mind,
    News,
    Outcome,
    Route,
    Urgency,
)
from device.promises.promises import LOOK_EVERY_S
from device.record import Kind
from tests.device.promises.rig import HOUR_S, Rig, settled


def test_an_answer_is_told_after_the_next_turn_with_a_person_and_then_erased(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("Who won the\nzephyr cup?"), "The quokkas won.")
        assert rig.announced == []
        rig.person()
        (announcement,) = rig.announced
        assert announcement.urgency is Urgency.PROMISE
        assert announcement.text == "You asked: Who won the zephyr cup. I found out: The quokkas won."
        rig.over(Outcome.SAID)
        await settled()
        assert not rig.on_disk("zephyr")
        assert not rig.on_disk("quokkas")
        assert not rig.promises.waiting
        rig.person()
        assert len(rig.announced) == 1

    rig.play(story)


@pytest.mark.parametrize(
    "noted",
    [
        {"kind": Kind.ANNOUNCEMENT},
        {"kind": Kind.AGAIN},
        {"cut_off": True},
        {"tapped": True},
        {"made": "Shall I wave?"},
    ],
)
def test_nothing_is_told_where_nobody_may_listen_on(rig: Rig, noted: dict[str, object]) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        rig.person(**noted)  # type: ignore[arg-type]

    rig.play(story)
    assert rig.announced == []


def test_several_answers_are_told_one_after_the_other(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        ids = [await rig.ask(question) for question in ("first", "second", "third")]
        await rig.answer(ids[2], "C.")
        await rig.answer(ids[0], "A.")
        rig.person()
        rig.person()
        assert len(rig.announced) == 1
        rig.over(Outcome.SAID)
        rig.over(Outcome.SAID)

    rig.play(story)
    assert [said.text[-2:] for said in rig.announced] == ["A.", "C."]


def test_who_asks_the_same_again_is_told_that_answer_before_others(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        ids = [await rig.ask(question) for question in ("first", "second")]
        assert not rig.promises.found("Second?")
        for question_id, text in zip(ids, ("A.", "B."), strict=True):
            await rig.answer(question_id, text)
        assert rig.promises.found("Second?")
        assert not rig.promises.found("third")
        assert rig.promises.asked("Second?") is News.FOUND
        rig.person()
        rig.over(Outcome.SAID)

    rig.play(story)
    assert [said.text[-2:] for said in rig.announced] == ["B.", "A."]


def test_what_system_2_answered_at_once_is_not_found_out_any_more(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        question_id = await rig.ask("Who won the zephyr cup?")
        at_once = Route(Mind.SYSTEM_2, "asked")
        rig.person(heard="who won the zephyr cup", route=at_once, error_code="link_lost")
        rig.person(heard="who won the zephyr cup", route=Route(Mind.STOCK, "nobody answered"))
        assert rig.promises.waiting
        rig.person(heard="who won the zephyr cup", route=at_once)
        await settled()
        assert not rig.promises.waiting
        assert not rig.on_disk("zephyr")
        assert rig.outbox.questions() == []
        assert await rig.answer(question_id) == "rejected"

    rig.play(story)


def test_an_answer_that_the_voice_failed_at_is_kept_and_told_after_the_next_turn(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        rig.person()
        rig.person(Kind.ANNOUNCEMENT, error_code="tts")
        rig.over(Outcome.SAID)
        assert len(rig.announced) == 1
        rig.person()
        rig.person(Kind.ANNOUNCEMENT)
        rig.over(Outcome.SAID)
        assert not rig.promises.waiting

    rig.play(story)
    assert len(rig.announced) == 2


def test_an_answer_that_came_too_late_to_be_said_is_told_after_the_next_turn(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        rig.person()
        rig.over(Outcome.DROPPED)
        assert len(rig.announced) == 1
        rig.person()
        assert len(rig.announced) == 2

    rig.play(story)


def test_an_answer_that_was_cut_off_is_told_again_only_when_it_is_asked_for_also_after_a_restart(
    rig: Rig,
) -> None:
    async def first(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        rig.person()
        rig.over(Outcome.DISMISSED)
        await settled()
        rig.person()

    async def second(rig: Rig) -> None:
        rig.person()
        assert len(rig.announced) == 1
        assert rig.promises.asked() is News.FOUND
        rig.person()

    rig.play(first)
    rig.play(second)
    assert len(rig.announced) == 2


def test_what_becomes_of_other_announcements_is_passed_over(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        rig.person()
        rig.promises.over(99, Outcome.SAID)
        assert rig.promises.waiting

    rig.play(story)


def test_what_there_is_to_tell(rig: Rig) -> None:
    async def story(rig: Rig) -> list[News]:
        news = [rig.promises.asked()]
        question_id = await rig.ask("who won")
        news.append(rig.promises.asked())
        await rig.answer(question_id)
        news.append(rig.promises.asked())
        await asyncio.sleep(HOUR_S + LOOK_EVERY_S)
        return [*news, rig.promises.asked(), rig.promises.asked()]

    assert rig.play(story) == [News.NONE, News.OPEN, News.FOUND, News.EXPIRED, News.NONE]
