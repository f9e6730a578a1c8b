"""Promises that expire, outlast a restart, or are taken back."""

from __future__ import annotations

import asyncio

import pytest

from device.contracts import (
    Outcome,
    Outgoing,
    OutgoingKind,
)
from device.errors import OutboxError
from device.promises.promises import LOOK_EVERY_S
from tests.device.promises.rig import BORN_S, HOUR_S, Rig, settled


def test_what_has_expired_is_erased_and_nothing_is_said(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        open_id, found_id = await rig.ask("who won the zephyr cup"), await rig.ask("will it snow")
        await rig.answer(found_id, "The quokkas say yes.")
        await asyncio.sleep(HOUR_S + LOOK_EVERY_S)
        assert not rig.on_disk("zephyr")
        assert not rig.on_disk("quokkas")
        assert rig.outbox.questions() == []
        rig.person()
        assert await rig.answer(open_id) == "rejected"

    rig.play(story)
    assert rig.announced == []


def test_what_expires_counts_as_gone_at_once(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        await asyncio.sleep(HOUR_S)
        rig.person()
        assert not rig.promises.has("who won")

    rig.play(story)
    assert rig.announced == []


def test_after_a_restart_what_is_open_is_sent_again_under_its_id_and_what_is_answered_is_not(
    rig: Rig,
) -> None:
    ids: list[str] = []

    async def first(rig: Rig) -> None:
        ids.extend([await rig.ask("who won"), await rig.ask("will it snow")])
        await rig.answer(ids[1])
        rig.outbox.drain()

    async def second(rig: Rig) -> list[str]:
        return [str(item.body["question_id"]) for item in rig.outbox.questions()]

    rig.play(first)
    assert rig.play(second) == ids[:1]


def test_what_was_not_sent_yet_is_taken_back_and_what_was_sent_is_asked_back(rig: Rig) -> None:
    async def story(rig: Rig) -> list[Outgoing]:
        sent_id = await rig.ask("who won the zephyr cup")
        rig.outbox.drain()
        await rig.ask("will the quokkas come")
        await rig.promises.forget(everything=True)
        assert not rig.on_disk("zephyr")
        assert not rig.on_disk("quokkas")
        assert not rig.promises.waiting
        (erasure,) = rig.outbox.drain()
        assert erasure.body == {"questions": [sent_id]}
        return rig.outbox.sent

    assert [item.kind for item in rig.play(story)] == [OutgoingKind.QUESTION, OutgoingKind.ERASURE]


def test_forget_it_means_the_newest(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.ask("first")
        await rig.ask("second")
        await rig.promises.forget(everything=False)
        assert (rig.promises.has("first"), rig.promises.has("second")) == (True, False)

    rig.play(story)


def test_forget_it_means_the_one_that_is_being_told(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("first"))
        await rig.ask("second")
        rig.person()
        rig.over(Outcome.DISMISSED)
        await rig.promises.forget(everything=False)
        assert (rig.promises.has("first"), rig.promises.has("second")) == (False, True)

    rig.play(story)


def test_what_was_asked_lately_can_be_forgotten_alone(rig: Rig) -> None:
    async def story(rig: Rig) -> tuple[int, int]:
        await rig.ask("first")
        await asyncio.sleep(100)
        await rig.ask("second")
        since_s = BORN_S + asyncio.get_running_loop().time() - 10
        some = await rig.promises.forget_since(since_s)
        assert (rig.promises.has("first"), rig.promises.has("second")) == (True, False)
        return some, await rig.promises.forget_since(None)

    assert rig.play(story) == (1, 1)


@pytest.mark.parametrize("fails", ["disk", "outbox"])
def test_what_cannot_be_forgotten_is_not_said_to_be(rig: Rig, fails: str) -> None:
    async def story(rig: Rig) -> None:
        await rig.ask("first")
        (rig.disk if fails == "disk" else rig.outbox).fails = True
        with pytest.raises(OutboxError):
            await rig.promises.forget(everything=False)
        assert rig.promises.waiting

    rig.play(story)


def test_what_expired_while_the_disk_failed_is_not_written_again(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won the zephyr cup"))
        rig.person()
        rig.disk.fails = True
        rig.over(Outcome.DISMISSED)
        await asyncio.sleep(HOUR_S + LOOK_EVERY_S)
        rig.disk.fails = False
        await asyncio.sleep(2 * LOOK_EVERY_S)
        assert not rig.on_disk("zephyr")

    rig.play(story)


def test_a_question_whose_answer_was_told_is_taken_back_from_the_outbox(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"))
        assert len(rig.outbox.questions()) == 1, "its acknowledgement was lost"
        rig.person()
        rig.over(Outcome.SAID)
        await settled()
        assert rig.outbox.questions() == []

    rig.play(story)


def test_a_disk_that_fails_while_what_was_told_is_erased_is_tried_again(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"), "The quokkas won.")
        rig.person()
        rig.disk.fails = True
        rig.over(Outcome.SAID)
        await settled()
        assert rig.on_disk("quokkas")
        rig.disk.fails = False
        await asyncio.sleep(LOOK_EVERY_S + 1)
        assert not rig.on_disk("quokkas")

    rig.play(story)
