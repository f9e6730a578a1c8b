"""Questions that are found out later: kept, sent, answered, told, erased."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from cache.promises import PromiseStore
from device.brain.packs import promise_phrases
from device.contracts import (
    Announcement,
    Mind,
    News,
    Outcome,
    Outgoing,
    OutgoingKind,
    Promised,
    Route,
    Urgency,
)
from device.errors import OutboxError
from device.link.native import Report
from device.promises.kept import FILE, KeptPromises
from device.promises.promises import LONGEST_TOLD, LOOK_EVERY_S, MOST, PromiseClocks, Promises
from device.record import Kind, TurnRecord
from tests.device.promises.promised import DirectDisk, FakeOutbox
from tests.virtual_time import run

T = TypeVar("T")
HOUR_S = 3600.0
BORN_S = 1.8e9
"""The device's age and the wall clock when a test begins."""


@dataclass
class Rig:
    """Promises on a disk, in virtual time."""

    state: Path
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    announced: list[Announcement] = field(default_factory=list)
    wall_s: float = BORN_S

    def begin(self) -> None:
        """As after a start: new objects on the same files."""
        loop = asyncio.get_running_loop()
        self.disk = DirectDisk(self.state)
        self.promises = Promises(
            self.disk,
            self.outbox,
            self.announced.append,
            itertools.count(7),
            promise_phrases("en"),
            keep_s=HOUR_S,
            clocks=PromiseClocks(lambda: BORN_S + loop.time(), loop.time, lambda: self.wall_s),
        )

    def play(self, story: Callable[[Rig], Awaitable[T]]) -> T:
        async def whole() -> T:
            self.begin()
            running = asyncio.create_task(self.promises.run())
            await asyncio.sleep(0.1)
            try:
                return await story(self)
            finally:
                running.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await running

        return run(whole())

    async def ask(self, question: str) -> str:
        """A promise; its id as System 2 knows it."""
        assert await self.promises.promise(question, "en") is Promised.KEPT
        *_, item = self.outbox.questions()
        return str(item.body["question_id"])

    async def answer(self, question_id: str, text: str = "The reds won.") -> str:
        return await self.promises.answered({"question_id": question_id, "text": text})

    def person(self, kind: Kind = Kind.SPOKEN, **noted: object) -> None:
        """A turn with a person ended."""
        record = TurnRecord(1, kind, lambda: 0.0, "")
        for name, value in noted.items():
            setattr(record, name, value)
        self.promises.turn_ended(record)

    def over(self, outcome: Outcome) -> None:
        self.promises.over(self.announced[-1].announcement_id, outcome)

    def on_disk(self, words: str) -> bool:
        return any(words.encode() in file.read_bytes() for file in self.state.iterdir())


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path)


async def settled() -> None:
    await asyncio.sleep(0.1)


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


# --- telling ---------------------------------------------------------------------------------------


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


# --- expiry, restart, forgetting -------------------------------------------------------------------


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
