"""Questions that are found out later: kept, sent, answered."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from cache.promises import PromiseStore
from device.contracts import (
    Outgoing,
    Promised,
)
from device.errors import OutboxError
from device.link.native import Report
from device.promises.kept import FILE, KeptPromises
from device.promises.promises import LONGEST_TOLD, LOOK_EVERY_S, MOST
from tests.device.promises.rig import HOUR_S, Rig, settled

# --- promising -------------------------------------------------------------------------------------


def test_a_promise_is_on_disk_and_on_its_way_when_it_is_given(rig: Rig) -> None:
    async def story(rig: Rig) -> Outgoing:
        question_id = await rig.ask("who won the zephyr cup")
        assert rig.on_disk("zephyr")
        (item,) = rig.outbox.questions()
        assert item.key == f"question {question_id}"
        return item

    item = rig.play(story)
    assert {**item.body, "question_id": ""} == {
        "question_id": "",
        "text": "who won the zephyr cup",
        "language": "en",
        "expires_utc": "2027-01-15T09:00:00+00:00",
    }
    assert item.keep_s == pytest.approx(HOUR_S)


def test_a_clock_that_was_never_set_says_nothing_of_when_a_question_expires(rig: Rig) -> None:
    rig.wall_s = 100.0

    async def story(rig: Rig) -> None:
        await rig.ask("who won")
        assert "expires_utc" not in rig.outbox.questions()[0].body

    rig.play(story)


def test_a_question_that_is_open_is_not_promised_twice_however_it_is_written(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.ask("Who won the cup?")
        assert rig.promises.has("who won the cup")
        assert await rig.promises.promise("who won the cup", "en") is Promised.ALREADY
        assert len(rig.outbox.questions()) == 1

    rig.play(story)


def test_there_is_an_end_to_what_is_promised(rig: Rig) -> None:
    async def story(rig: Rig) -> Promised:
        for number in range(MOST):
            await rig.ask(f"question number {number}")
        return await rig.promises.promise("one more", "en")

    assert rig.play(story) is Promised.TOO_MANY


@pytest.mark.parametrize("fails", ["disk", "outbox"])
def test_what_cannot_be_kept_is_not_promised_and_leaves_nothing(rig: Rig, fails: str) -> None:
    async def story(rig: Rig) -> None:
        broken = rig.disk if fails == "disk" else rig.outbox
        broken.fails = True
        with pytest.raises(OutboxError):
            await rig.promises.promise("who won the zephyr cup", "en")
        assert not rig.promises.waiting
        broken.fails = False
        await asyncio.sleep(LOOK_EVERY_S + 1)
        assert not rig.on_disk("zephyr")
        assert rig.outbox.questions() == []

    rig.play(story)


def test_who_is_interrupted_while_promising_has_promised_all_the_same(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        async def hangs(item: Outgoing) -> None:
            await asyncio.Event().wait()

        rig.outbox.put = hangs  # type: ignore[method-assign]
        promising = asyncio.create_task(rig.promises.promise("who won the zephyr cup", "en"))
        await settled()
        promising.cancel()
        await settled()
        assert rig.promises.waiting
        assert len(rig.outbox.questions()) == 1
        assert rig.on_disk("zephyr")

    rig.play(story)


# --- answers ---------------------------------------------------------------------------------------


def test_an_answer_is_acknowledged_once_it_is_on_disk(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        question_id = await rig.ask("who won")
        rig.disk.fails = True
        assert await rig.answer(question_id, "The quokkas won.") == "retry"
        rig.disk.fails = False
        assert await rig.answer(question_id, "The quokkas won.") == "ok"
        assert rig.on_disk("quokkas")
        assert await rig.answer(question_id, "Nobody won.") == "dup"
        assert not rig.on_disk("Nobody")

    rig.play(story)


@pytest.mark.parametrize(
    "body",
    [{}, {"question_id": "x"}, {"question_id": 3, "text": "a"}, {"question_id": "x", "text": " "}],
)
def test_an_answer_that_is_none_is_never_wanted_again(rig: Rig, body: dict[str, object]) -> None:
    assert rig.play(lambda rig: rig.promises.answered(body)) == "rejected"


def test_of_what_system_2_reports_only_answers_are_taken(rig: Rig) -> None:
    async def story(rig: Rig) -> list[str]:
        body = {"question_id": await rig.ask("who won"), "text": "The reds."}
        return [await rig.promises.take(Report(op=op, id="1-1", body=body)) for op in ("record", "answer")]

    assert rig.play(story) == ["rejected", "ok"]


def test_an_answer_to_what_was_forgotten_is_never_wanted_again_and_not_kept(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        question_id = await rig.ask("who won")
        await rig.promises.forget(everything=False)
        assert await rig.answer(question_id, "The quokkas won.") == "rejected"
        assert not rig.on_disk("quokkas")

    rig.play(story)


def test_a_long_answer_is_told_in_whole_sentences(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"), "One two three. " * 100)
        rig.person()

    rig.play(story)
    said = rig.announced[0].text
    assert said.endswith("One two three.")
    assert LONGEST_TOLD - 20 < len(said) < LONGEST_TOLD + 100


def test_a_sentence_that_has_no_end_is_cut_between_words(rig: Rig) -> None:
    async def story(rig: Rig) -> None:
        await rig.answer(await rig.ask("who won"), "word " * 200)
        rig.person()

    rig.play(story)
    assert rig.announced[0].text.endswith("word word.")


# --- the thread ------------------------------------------------------------------------------------


def test_the_disk_is_worked_on_in_a_thread_of_its_own(tmp_path: Path) -> None:
    async def story() -> list[object]:
        kept = KeptPromises(tmp_path)
        try:
            return [*await kept.do(lambda store: store.all())]
        finally:
            await kept.close()

    assert asyncio.run(story()) == []
    assert PromiseStore(tmp_path / FILE).all() == []


def test_a_disk_that_takes_nothing_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where a folder should be")

    async def story() -> None:
        kept = KeptPromises(tmp_path / "state")
        try:
            with pytest.raises(OutboxError, match="cannot be kept on disk"):
                await kept.do(lambda store: store.all())
        finally:
            await kept.close()

    asyncio.run(story())
