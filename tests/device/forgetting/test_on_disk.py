"""Every store on disk forgets, without an agent: the words are in no byte of any file afterwards."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

from cache.memory import MemoryRow, MemoryStore
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, Wording
from device.brain.packs import promise_phrases
from device.config import Settings
from device.contracts import ErasureReport, Outgoing, OutgoingKind
from device.forgetting.erasure import Erasure
from device.forgetting.on_disk import erasure_on_disk
from device.moment import Clocks
from device.outbox.kept import KeptOutbox
from device.promises.kept import KeptPromises
from device.promises.promises import PromiseClocks, Promises

NOW_S = 1_800_000_000.0
SECRET = "a purple giraffe"


def outbox_in(state: Path) -> KeptOutbox:
    return KeptOutbox(state, Settings(), Clocks(lambda: NOW_S), linked=lambda: False)


async def fill(state: Path) -> None:
    """Something in every store, and a record and a question that were sent already."""
    memory = MemoryStore(state / "memory.db")
    memory.add("2026-03-03T15:05:00+00:00", [MemoryRow("person", SECRET, NOW_S - 90, NOW_S - 60)])
    memory.close()
    replies = ReplyStore(state / "replies.db")
    asked = Wording(f"what is {SECRET}", f"what is {SECRET}", ("purple", "giraffe"))
    replies.put(NewReply("en", (asked,), f"It is {SECRET}.", "system_2", "allow", "", None), NOW_S - 60)
    replies.close()
    outbox = outbox_in(state)
    for at in range(3):
        await outbox.put(Outgoing(OutgoingKind.RECORD, {"transcript": f"{SECRET} {at}"}))
    assert await outbox.take("wss://gateway.example") is not None
    outbox.note_turn("session 7", "wss://gateway.example")
    clocks = PromiseClocks(lambda: NOW_S)
    says = promise_phrases("en")
    disk = KeptPromises(state)
    promises = Promises(disk, outbox, lambda told: None, itertools.count(1), says, 3600.0, clocks)
    await promises.promise(f"what became of {SECRET}", "en")
    await disk.close()
    await outbox.close()


def holds(state: Path) -> set[str]:
    files = [file for file in state.rglob("*") if file.is_file()]
    return {file.name.partition(".")[0] for file in files if b"giraffe" in file.read_bytes()}


def forgotten(state: Path, wish: Callable[[Erasure], Awaitable[ErasureReport]]) -> ErasureReport:
    async def story() -> ErasureReport:
        await fill(state)
        assert holds(state) == {"memory", "replies", "outbox", "promises"}
        async with erasure_on_disk(state, Settings(), lambda: NOW_S) as erasure:
            return await wish(erasure)

    return asyncio.run(story())


async def waiting(state: Path) -> list[object]:
    """The bodies of what waits to be sent."""
    outbox = outbox_in(state)
    bodies: list[object] = []
    passing: list[int] = []
    while item := await outbox.take("wss://gateway.example", passing=passing):
        bodies.append(item.fresh.body)
        passing.append(item.seq)
    await outbox.close()
    return bodies


def test_the_last_minutes_are_in_no_byte_of_any_store(tmp_path: Path) -> None:
    report = forgotten(tmp_path, lambda erasure: erasure.forget_last(300.0))
    assert report.done, report
    assert holds(tmp_path) == set()
    assert {part.part: part.removed for part in report.parts if part.removed} == {
        "conversation": 1,
        "replies": 1,
        "promises": 1,
        "for System 2": 2,
    }
    assert sorted(sent.kind for sent in report.sent) == ["record", "turn"]
    assert report.asked_back
    bodies = asyncio.run(waiting(tmp_path))
    assert any(b'"turns":[["session",7]]' in body for body in bodies if isinstance(body, bytes))


def test_everything_is_in_no_byte_of_any_store(tmp_path: Path) -> None:
    report = forgotten(tmp_path, lambda erasure: erasure.forget_everything())
    assert report.done, report
    assert holds(tmp_path) == set()
    bodies = asyncio.run(waiting(tmp_path))
    assert any(b'"all":true' in body for body in bodies if isinstance(body, bytes))


def test_older_things_stay(tmp_path: Path) -> None:
    report = forgotten(tmp_path, lambda erasure: erasure.forget_last(30.0))
    assert report.done, report
    assert holds(tmp_path) == {"memory", "replies"}


def test_what_waits_by_a_consent_that_is_taken_back_goes_and_other_things_stay(tmp_path: Path) -> None:
    async def story() -> None:
        outbox = outbox_in(tmp_path)
        await outbox.put(Outgoing(OutgoingKind.RECORD, {"transcript": SECRET}))
        await outbox.put(Outgoing(OutgoingKind.TELEMETRY, {"route": "skill"}))
        await outbox.forget_kinds(OutgoingKind.RECORD)
        await outbox.close()

    asyncio.run(story())
    assert holds(tmp_path) == set()
    assert len(asyncio.run(waiting(tmp_path))) == 1
