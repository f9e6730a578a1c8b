"""The outbox in its own thread, on a real disk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cache.outbox import FILE
from device.config import Outbox, Settings
from device.contracts import Outgoing, OutgoingKind
from device.errors import OutboxError
from device.link.native import body_hash
from device.moment import Clocks
from device.outbox.kept import BATCH, LONGEST_BODY_BYTES, MOST_NOTED, KeptOutbox, Settled, Told
from tests.device.outbox.kept_in_loop import NOON, outbox_in_loop

ALERT, RECORD, TELEMETRY = OutgoingKind.ALERT, OutgoingKind.RECORD, OutgoingKind.TELEMETRY
PEER = "gateway.example"


class Time:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now_s = NOON
        self.clocks = Clocks(lambda: self.now_s, lambda: self.now_s, lambda: self.now_s, "boot")


@contextlib.asynccontextmanager
async def opened(
    state: Path, time: Time | None = None, told: Told | None = None, most_items: int = 1000
) -> AsyncIterator[KeptOutbox]:
    settings = Settings(outbox=Outbox(most_items=most_items))
    outbox = KeptOutbox(state, settings, (time or Time()).clocks, linked=lambda: False, told=told)
    running = asyncio.create_task(outbox.run())
    try:
        yield outbox
    finally:
        running.cancel()
        await asyncio.wait([running])
        await outbox.close()


def on_disk(state: Path) -> list[str]:
    """Read by somebody else."""
    with contextlib.closing(sqlite3.connect(state / FILE)) as database:
        return [body.decode() for (body,) in database.execute("SELECT body FROM items ORDER BY seq")]


def test_what_was_put_is_on_the_disk(tmp_path: Path) -> None:
    waits: list[bool] = []

    async def story() -> None:
        async with opened(tmp_path, told=Told(waits=lambda: waits.append(True))) as outbox:
            await outbox.put(Outgoing(RECORD, {"b": 1, "a": "ä"}))
            assert on_disk(tmp_path) == ['{"a":"ä","b":1}']
            assert waits == [True]
            item = await outbox.take(PEER)
            assert item is not None
            assert item.fresh.hash == body_hash({"a": "ä", "b": 1})
            assert (item.fresh.offline, item.fresh.clock_set, item.fresh.boot_id) == (True, True, "boot")
            await outbox.settle(Settled(item.id, "acknowledged"))
            assert on_disk(tmp_path) == []

    asyncio.run(story())


@pytest.mark.parametrize("body", [{"words": "x" * LONGEST_BODY_BYTES}, {"thing": object()}])
def test_what_cannot_be_sent_is_not_kept(tmp_path: Path, body: dict[str, object]) -> None:
    async def story() -> None:
        async with opened(tmp_path) as outbox:
            with pytest.raises(OutboxError):
                await outbox.put(Outgoing(RECORD, body))
            assert (await outbox.contents()).waiting == {}

    asyncio.run(story())


def test_nobody_is_told_that_something_is_kept_which_there_is_no_room_for(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path, most_items=10) as outbox:
            for _ in range(10):
                await outbox.put(Outgoing(ALERT, {}))
            with pytest.raises(OutboxError, match="full"):
                await outbox.put(Outgoing(TELEMETRY, {}))

    asyncio.run(story())


def test_a_disk_that_takes_nothing_is_said_so_and_used_again_when_it_does(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.write_text("a file where the folder should be")

    async def story() -> None:
        async with opened(state) as outbox:
            with pytest.raises(OutboxError):
                await outbox.put(Outgoing(RECORD, {"n": 1}))
            assert not outbox.working
            state.unlink()
            await outbox.put(Outgoing(RECORD, {"n": 2}))
            assert outbox.working

    asyncio.run(story())
    assert on_disk(state) == ['{"n":2}']


def test_a_damaged_one_is_told_and_everything_goes_on(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all. " * 400)
    lost: list[bool] = []

    async def story() -> None:
        async with opened(tmp_path, told=Told(lost=lambda: lost.append(True))) as outbox:
            await outbox.put(Outgoing(RECORD, {}))
            assert lost == [True]

    asyncio.run(story())
    assert on_disk(tmp_path) == ["{}"]


def test_telemetry_goes_to_the_disk_in_batches_and_a_record_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        written = asyncio.Event()
        async with opened(tmp_path, told=Told(waits=written.set)) as outbox:
            for number in range(BATCH - 1):
                outbox.note(Outgoing(TELEMETRY, {"n": number}))
            await asyncio.sleep(0.05)
            assert not written.is_set()
            outbox.note(Outgoing(TELEMETRY, {"n": "last"}))
            await asyncio.wait_for(written.wait(), 5)
            assert len(on_disk(tmp_path)) == BATCH
            written.clear()
            outbox.note(Outgoing(RECORD, {"n": "record"}))
            await asyncio.wait_for(written.wait(), 5)
            assert len(on_disk(tmp_path)) == BATCH + 1
            outbox.note(Outgoing(TELEMETRY, {"n": "at the end"}))
        assert len(on_disk(tmp_path)) == BATCH + 2

    asyncio.run(story())


def test_what_was_noted_while_the_disk_failed_is_written_when_it_does_not(tmp_path: Path) -> None:
    async def story() -> None:
        outbox, disk = outbox_in_loop(tmp_path, Time().clocks, linked=lambda: False)
        disk.broken = True
        running = asyncio.create_task(outbox.run())
        for number in range(MOST_NOTED + 10):
            outbox.note(Outgoing(RECORD if number < 5 else TELEMETRY, {"n": number}))
            await asyncio.sleep(0)
        disk.broken = False
        running.cancel()
        await asyncio.wait([running])
        await outbox.close()

    asyncio.run(story())
    kept = on_disk(tmp_path)
    assert len(kept) == MOST_NOTED
    assert kept[:6] == [*(f'{{"n":{number}}}' for number in range(5)), '{"n":15}']


def test_an_alert_outlasts_any_amount_of_telemetry_while_the_disk_fails(tmp_path: Path) -> None:
    async def story() -> None:
        outbox, disk = outbox_in_loop(tmp_path, Time().clocks, linked=lambda: False)
        failing = asyncio.Event()

        async def fails_slowly(call: object, deadline_s: float = 0.0) -> None:
            await failing.wait()
            raise OutboxError("The disk is full.")

        works, disk.run = disk.run, fails_slowly  # type: ignore[assignment,method-assign]
        running = asyncio.create_task(outbox.run())
        outbox.note(Outgoing(ALERT, {"n": "alert"}))
        await asyncio.sleep(0.01)  # it is being written
        for number in range(MOST_NOTED):
            outbox.note(Outgoing(TELEMETRY, {"n": number}))
        failing.set()
        await asyncio.sleep(0.01)
        disk.run = works  # type: ignore[method-assign]
        running.cancel()
        await asyncio.wait([running])
        await outbox.close()

    asyncio.run(story())
    kept = on_disk(tmp_path)
    assert len(kept) == MOST_NOTED
    assert '{"n":"alert"}' in kept


def test_what_is_being_written_when_the_device_ends_is_written(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as outbox:
            await asyncio.sleep(0)
            outbox.note(Outgoing(RECORD, {"n": 1}))
            await asyncio.sleep(0)  # it is on its way to the writer's thread
            await asyncio.sleep(0)

    asyncio.run(story())
    assert on_disk(tmp_path) == ['{"n":1}']


def test_forgetting_reaches_what_is_not_on_the_disk_yet(tmp_path: Path) -> None:
    time = Time()

    async def story() -> None:
        async with opened(tmp_path, time) as outbox:
            outbox.note(Outgoing(TELEMETRY, {"n": "old"}))
            outbox.note_turn("session 1", PEER)
            time.now_s += 100
            outbox.note(Outgoing(TELEMETRY, {"n": "young"}))
            outbox.note_turn("session 2", PEER)
            sent = await outbox.forget(NOON + 50)
            assert [(one.kind, one.ref, one.peer) for one in sent] == [("turn", "session 2", PEER)]

    asyncio.run(story())
    assert on_disk(tmp_path) == ['{"n":"old"}']


def test_turns_that_were_asked_at_once_are_known_after_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as outbox:
            outbox.note_turn("session 1", PEER)
        async with opened(tmp_path) as outbox:
            assert [one.ref for one in await outbox.forget(None)] == ["session 1"]

    asyncio.run(story())


def test_what_waits_can_be_taken_back_and_what_left_cannot(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as outbox:
            outbox.note(Outgoing(TELEMETRY, {}, key="noted"))
            await outbox.put(Outgoing(RECORD, {}, key="kept"))
            await outbox.put(Outgoing(ALERT, {}, key="left"))
            await outbox.take(PEER)
            assert [await outbox.withdraw(key) for key in ("noted", "kept", "left", "never put")] == [
                True,
                True,
                False,
                False,
            ]

    asyncio.run(story())
    assert on_disk(tmp_path) == []


def test_that_somebody_is_in_need_outlives_a_wish_to_forget_the_last_minutes(tmp_path: Path) -> None:
    async def story() -> None:
        async with opened(tmp_path) as outbox:
            await outbox.put(Outgoing(OutgoingKind.ALERT, {"category": "crisis", "at_utc": "2026-03-03"}))
            await outbox.put(Outgoing(OutgoingKind.RECORD, {"transcript": "said"}))
            await outbox.forget(0.0)
            assert ["crisis" in body for body in on_disk(tmp_path)] == [True]
            await outbox.forget(None)
            assert on_disk(tmp_path) == []

    asyncio.run(story())
