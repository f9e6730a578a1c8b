"""The store of promised questions, with a clock of the test's: claims, back-off, expiry, ids."""

from __future__ import annotations

from pathlib import Path

from device.link.native import DeviceInfo, Report
from gateway.bodies import Erasure, PromisedQuestion
from gateway.stores.database import Database
from gateway.stores.ports import Taken
from gateway.stores.sqlite_devices import SqliteDevices
from gateway.stores.sqlite_erasure import SqliteErasing
from gateway.stores.sqlite_questions import SqliteQuestions
from gateway.stores.sqlite_reports import SqliteReports
from tests.gateway.test_stores import Clock, kept, told

BO = DeviceInfo(id="d", public_key="", character="Bo")
LONGEST_S = 1000.0


async def take(questions: SqliteQuestions, question_id: str = "q1", report_id: str = "1-1") -> Taken:
    question = PromisedQuestion(question_id=question_id, text="a-word-of-a-person?")
    report = Report(op="question", id=report_id, body={"question_id": question_id})
    return await questions.take(BO, report, question, 5, LONGEST_S)


def test_a_question_is_claimed_by_one_until_its_claim_ends(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        questions = SqliteQuestions(database, clock)
        await take(questions)
        first = await questions.claim(10)
        assert first is not None
        assert (first.asker, first.text, first.tries) == (BO, "a-word-of-a-person?", 1)
        clock.now += 9.9
        assert await questions.claim(10) is None
        clock.now += 0.1
        second = await questions.claim(10)
        assert second is not None
        assert (second.number, second.tries) == (first.number, 2)
        assert await questions.answered(second.number, "So.")
        assert not await questions.answered(first.number, "Or so."), "whoever comes first"
        clock.now += 20
        assert await questions.claim(10) is None
        answer = await questions.next_answer("d")
        assert answer is not None
        assert (answer.question_id, answer.text) == ("q1", "So.")

    told(tmp_path, story)


def test_for_a_device_that_was_revoked_nothing_is_found_out_until_it_is_registered_anew(
    tmp_path: Path,
) -> None:
    async def story(database: Database) -> None:
        questions, devices = SqliteQuestions(database, Clock()), SqliteDevices(database, Clock())
        await devices.add("d", "key", "kitchen")
        await take(questions)
        await devices.revoke("d")
        assert await questions.claim(10) is None
        await devices.add("d", "key", "kitchen")
        assert await questions.claim(10) is not None

    told(tmp_path, story)


def test_one_that_was_put_off_is_due_again_only_then(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        questions = SqliteQuestions(database, clock)
        await take(questions)
        claimed = await questions.claim(10)
        assert claimed is not None
        await questions.put_off(claimed.number, 60)
        clock.now += 59
        assert await questions.claim(10) is None
        clock.now += 1
        assert await questions.claim(10) is not None

    told(tmp_path, story)


def test_what_expired_is_removed_answered_or_not_and_counts_no_second_time(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        questions, erasing = SqliteQuestions(database, clock), SqliteErasing(database, clock)
        await take(questions)
        claimed = await questions.claim(10)
        assert claimed is not None
        await questions.answered(claimed.number, "a-word-of-a-mind")
        await take(questions, "q2", "1-2")
        assert await questions.forget_expired() == 0
        clock.now += LONGEST_S
        assert await questions.claim(10) is None
        assert await questions.next_answer("d") is None
        assert await questions.forget_expired() == 2
        await erasing.finish()
        assert not kept(b"a-word", tmp_path)
        assert await take(questions, "q2", "1-3") is Taken.AGAIN
        assert await take(questions, "q3", "1-2") is Taken.AGAIN, "the report's id is remembered, too"

    told(tmp_path, story)


def test_a_question_that_was_answered_is_kept_no_longer_only_its_answer_is(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        questions = SqliteQuestions(database)
        await take(questions)
        claimed = await questions.claim(10)
        assert claimed is not None
        await questions.answered(claimed.number, "So.")
        await database.wipe_log()
        assert not kept(b"a-word-of-a-person", tmp_path)

    told(tmp_path, story)


def test_a_question_is_erased_by_the_id_of_its_report_too(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        questions, erasing = SqliteQuestions(database), SqliteErasing(database)
        await take(questions)
        assert await erasing.asked_for("d", "1-2", Erasure(reports=("1-1",)))
        assert await questions.claim(10) is None
        assert not kept(b"a-word-of-a-person", tmp_path)

    told(tmp_path, story)


def test_the_id_of_what_was_erased_is_remembered_as_long_as_anything_is(tmp_path: Path) -> None:
    async def story(database: Database) -> None:
        clock = Clock()
        reports, erasing = SqliteReports(database, clock), SqliteErasing(database, clock)
        report = Report(op="record", id="1-1", body={"text": "a-word-of-a-person"})
        await reports.take("d", report)
        assert await erasing.device("d") == 1
        assert await reports.take("d", report) is Taken.AGAIN
        await erasing.before(clock.now)
        assert await reports.take("d", report) is Taken.AGAIN
        await erasing.before(clock.now + 1)
        assert await reports.take("d", report) is Taken.NEW

    told(tmp_path, story)
