"""What was said is gone from every byte of the disk, and nothing is told to be gone that is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from device.contracts import Erased, ErasureReport, Line, Outgoing, Sent, Who
from device.conversation import Conversation
from device.errors import OutboxError
from device.forgetting.asking_back import PART
from device.forgetting.damaged import DamagedFiles
from device.forgetting.erasure import AGAIN_S, Erasure
from device.memory import remembered
from tests.virtual_time import run as run_virtual

SECRET = "my sister Zdenka keeps a purple giraffe"
OLDER = "the kettle is blue"


@dataclass
class FakeOutbox:
    """Remembers what it is given; what was sent is told."""

    sent: tuple[Sent, ...] = ()
    broken: bool = False
    put_in: list[Outgoing] = field(default_factory=list)
    forgot: list[float | None] = field(default_factory=list)

    async def put(self, item: Outgoing) -> None:
        self.put_in.append(item)

    def note(self, item: Outgoing) -> None:
        self.put_in.append(item)

    async def withdraw(self, key: str) -> bool:
        return False

    async def forget(self, since_s: float | None) -> tuple[Sent, ...]:
        if self.broken:
            raise OutboxError("the disk is full")
        self.forgot.append(since_s)
        return self.sent


@dataclass
class Part:
    """Fails as often as it is told to."""

    failures: int = 0
    error: Exception = field(default_factory=lambda: OSError("the disk is full"))
    forgot: list[float | None] = field(default_factory=list)

    async def forget(self, since_s: float | None) -> int:
        if self.failures:
            self.failures -= 1
            raise self.error
        self.forgot.append(since_s)
        return 2


class Told:
    """The reports, as they come."""

    def __init__(self) -> None:
        self._again = asyncio.Event()
        self.reports: list[ErasureReport] = []

    def take(self, report: ErasureReport) -> None:
        self.reports.append(report)
        self._again.set()

    async def next_of(self, erasure: Erasure) -> ErasureReport:
        """The first that comes of an agent that runs now."""
        self._again.clear()
        async with asyncio.TaskGroup() as group:
            running = group.create_task(erasure.run())
            await self._again.wait()
            running.cancel()
        return self.reports[-1]


def on_disk(state: Path, words: str = SECRET) -> list[str]:
    """The files that hold the words, or a part of them, in any of their bytes."""
    sought = [words.encode(), words.encode("utf-16-le"), words.split()[2].encode()]
    files = [file for file in state.rglob("*") if file.is_file()]
    return [file.name for file in files if any(part in file.read_bytes() for part in sought)]


@contextlib.asynccontextmanager
async def talking(state: Path, lived: Callable[[], float]) -> AsyncIterator[Conversation]:
    """A conversation with something old in it, and a secret told 60 s ago."""
    async with remembered(state, allowed=True, lived=lived) as conversation:
        yield conversation


def erasure_of(
    conversation: Conversation,
    state: Path,
    lived: Callable[[], float],
    tell: Callable[[ErasureReport], None] = lambda report: None,
) -> Erasure:
    parts = {"conversation": conversation.forget, "damaged files": DamagedFiles(state).forget}
    return Erasure(parts, None, state, lived, lambda: conversation.last_exchange_s, tell)


# --- every byte --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wish", ["last", "everything", "exchange"])
def test_what_was_said_is_gone_from_every_byte_of_the_disk_and_older_things_stay(
    tmp_path: Path, wish: str
) -> None:
    now_s = [1000.0]
    (tmp_path / "memory.db.damaged").write_text(SECRET)

    async def story() -> ErasureReport:
        async with talking(tmp_path, lambda: now_s[0]) as conversation:
            conversation.add([Line(Who.PERSON, OLDER)], 990.0)
            now_s[0] = 5000.0
            conversation.add([Line(Who.PERSON, SECRET), Line(Who.DEVICE, f"Oh, {SECRET}?")], 4990.0)
            await conversation.forget_before(0.0)  # what is to be kept is on disk now
            assert set(on_disk(tmp_path)) >= {"memory.db", "memory.db.damaged"}
            assert on_disk(tmp_path, OLDER)
            now_s[0] = 5060.0
            erasure = erasure_of(conversation, tmp_path, lambda: now_s[0])
            if wish == "exchange":
                report = await erasure.forget_last_exchange()
            elif wish == "last":
                report = await erasure.forget_last(300.0)
            else:
                report = await erasure.forget_everything()
            removed = 3 if wish == "everything" else 2
            assert report.parts == (Erased("conversation", removed), Erased("damaged files", 1))
            assert on_disk(tmp_path) == []
            assert bool(on_disk(tmp_path, OLDER)) is (wish != "everything")
            assert all(SECRET not in line.text for line in conversation.history)
            return report

    assert asyncio.run(story()).done
    assert on_disk(tmp_path) == []
    assert not (tmp_path / "forget.json").exists()


def test_a_reader_that_holds_up_the_log_is_told_tried_again_and_done_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cache.database.BUSY_S", 0.05)
    told = Told()

    async def story() -> None:
        async with talking(tmp_path, lambda: 5000.0) as conversation:
            conversation.add([Line(Who.PERSON, SECRET)], 4990.0)
            await conversation.forget_before(0.0)
            reader = sqlite3.connect(tmp_path / "memory.db")
            reader.execute("BEGIN")
            assert reader.execute("SELECT count(*) FROM lines").fetchone() == (1,)
            erasure = erasure_of(conversation, tmp_path, lambda: 5000.0, told.take)
            report = await erasure.forget_last(300.0)
            assert [part.part for part in report.parts if part.failed] == ["conversation"]
            assert "somebody reads it" in report.parts[0].failed
            assert on_disk(tmp_path)  # as it says
            assert json.loads((tmp_path / "forget.json").read_text()) == {"conversation": 4700.0}
            reader.close()
            assert (await told.next_of(erasure)).done
            assert on_disk(tmp_path) == []

    asyncio.run(story())
    assert not (tmp_path / "forget.json").exists()


def test_what_an_agent_had_not_done_when_it_died_the_next_one_does(tmp_path: Path) -> None:
    async def story() -> None:
        dying = Erasure({"a": Part(failures=1).forget, "b": Part().forget}, None, tmp_path, lambda: 50.0)
        assert not (await dying.forget_last(20.0)).done
        a, b = Part(), Part()
        told = Told()
        born = Erasure({"a": a.forget, "b": b.forget}, None, tmp_path, lambda: 90.0, tell=told.take)
        assert (await told.next_of(born)).done
        assert (a.forgot, b.forgot) == ([30.0], [])

    asyncio.run(story())


# --- its parts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        OSError("full"),
        sqlite3.OperationalError("locked"),
        OutboxError("away"),
        TimeoutError(),
        KeyError("bug"),
    ],
)
def test_one_part_that_fails_keeps_no_other_from_forgetting(tmp_path: Path, error: Exception) -> None:
    bad, good = Part(failures=1, error=error), Part()
    erasure = Erasure({"bad": bad.forget, "good": good.forget}, None, tmp_path, lambda: 100.0)
    report = asyncio.run(erasure.forget_last(60.0))
    assert not report.done
    assert {part.part: bool(part.failed) for part in report.parts} == {"bad": True, "good": False}
    assert good.forgot == [40.0]
    assert all(part.failed.strip() for part in report.parts if part.part == "bad")


def test_what_failed_is_tried_again_every_minute_as_far_back_as_was_ever_wanted(tmp_path: Path) -> None:
    bad, good, told = Part(failures=3), Part(), list[ErasureReport]()

    async def story() -> None:
        erasure = Erasure(
            {"bad": bad.forget, "good": good.forget}, None, tmp_path, lambda: 100.0, tell=told.append
        )
        await erasure.forget_last(60.0)
        await erasure.forget_last(10.0)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(erasure.run())
            await asyncio.sleep(2.5 * AGAIN_S)
            running.cancel()

    run_virtual(story())
    assert bad.forgot == [40.0]
    assert good.forgot == [40.0, 90.0]
    assert [report.done for report in told] == [False, False, False, True]


def test_a_part_that_never_answers_is_given_up_and_told(tmp_path: Path) -> None:
    async def never(since_s: float | None) -> int:
        await asyncio.Event().wait()
        return 0

    erasure = Erasure({"stuck": never}, None, tmp_path, lambda: 100.0)
    assert [part.failed for part in run_virtual(erasure.forget_everything()).parts] == ["it takes too long"]


def test_a_wish_that_is_cut_off_is_carried_out_all_the_same(tmp_path: Path) -> None:
    part, slow = Part(), asyncio.Event()

    async def story() -> None:
        async def wait(since_s: float | None) -> int:
            await slow.wait()
            return await part.forget(since_s)

        erasure = Erasure({"slow": wait}, None, tmp_path, lambda: 100.0)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(erasure.run())
            await asyncio.sleep(1.0)
            asking = group.create_task(erasure.forget_everything())
            await asyncio.sleep(1.0)
            asking.cancel()
            slow.set()
            await asyncio.sleep(1.0)
            running.cancel()

    run_virtual(story())
    assert part.forgot == [None]


def test_the_log_says_what_was_forgotten_and_never_its_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        async with talking(tmp_path, lambda: 5000.0) as conversation:
            conversation.add([Line(Who.PERSON, SECRET)])
            await erasure_of(conversation, tmp_path, lambda: 5000.0).forget_everything()

    with caplog.at_level(logging.DEBUG):
        asyncio.run(story())
    assert "conversation 1" in caplog.text
    assert "giraffe" not in caplog.text


# --- what was sent -----------------------------------------------------------------------------------

TURN = Sent("turn", "a-session 7", "wss://gateway.example", "2026-03-03T15:05:00+00:00")
RECORD = Sent("record", "e1-12", "wss://gateway.example", "2026-03-03T15:06:00+00:00")


def test_what_was_sent_is_listed_and_asked_back_after_all_else_is_forgotten(tmp_path: Path) -> None:
    outbox, part = FakeOutbox((TURN, RECORD)), Part()
    erasure = Erasure({"a": part.forget}, outbox, tmp_path, lambda: 100.0)
    report = asyncio.run(erasure.forget_last(60.0))
    assert (report.sent, report.asked_back, report.parts[-1].part) == ((TURN, RECORD), True, PART)
    assert [item.body for item in outbox.put_in] == [
        {"all": False, "turns": [["a-session", 7]], "reports": ["e1-12"], "questions": []}
    ]


def test_an_outbox_that_fails_asks_nothing_back_and_says_so(tmp_path: Path) -> None:
    outbox = FakeOutbox((TURN,), broken=True)
    report = asyncio.run(Erasure({}, outbox, tmp_path, lambda: 100.0).forget_everything())
    assert [part.failed for part in report.parts] == ["the disk is full"]
    assert (report.asked_back, report.sent, outbox.put_in) == (False, (), [])
