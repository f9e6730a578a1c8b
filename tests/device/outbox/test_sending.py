"""The outbox joined: a turn that ends, a question that is asked, a file that is damaged."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from cache.outbox import FILE, OutboxStore
from device.config import Consent, Settings, System2
from device.contracts import LinkHealth, Mind, Route
from device.kept_database import DISK_S
from device.keyless import Keyless
from device.moment import Clocks
from device.outbox.sending import FAULT, LOST, LOST_SHOWN_S, Sending
from device.record import Kind, TurnRecord
from tests import virtual_time
from tests.device.outbox.kept_in_loop import InLoop

ResultT = TypeVar("ResultT")

AGREED = Consent(telemetry=True, telemetry_content=True, alerts=True)


def record(heard: str = "what is rain", in_need: str = "") -> TurnRecord:
    ended = TurnRecord(1, Kind.TYPED, lambda: 0.0, "2026-11-21T12:00:00+00:00")
    ended.heard, ended.in_need, ended.route = heard, in_need, Route(Mind.SYSTEM_1, "asked")
    return ended


@contextlib.asynccontextmanager
async def sending(state: Path, consent: Consent = AGREED) -> AsyncIterator[tuple[Sending, list[str]]]:
    """With a link that is never there, and the parts of which a fault was told."""
    told: list[LinkHealth] = []
    faults: list[str] = []
    made = Sending(
        state,
        Settings(system2=System2(url="wss://gateway.example/v1/device"), consent=consent),
        Clocks(lambda: 5.0),
        Keyless("no key", told.append),
        idle=lambda: True,
        keeps_words=lambda: False,
        keeps_back=lambda text: "secret" in text,
        fault=lambda part, why: faults.append(part),
    )
    running = asyncio.create_task(made.run())
    await asyncio.sleep(0)  # it begins
    try:
        yield made, faults
    finally:
        running.cancel()
        await asyncio.wait([running])


def kinds(state: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(state / FILE)) as database:
        return [kind for (kind,) in database.execute("SELECT kind FROM items ORDER BY seq")]


@pytest.mark.parametrize(
    ("ended", "kept"),
    [
        (record(), ["record", "telemetry"]),
        (record("a secret"), ["telemetry"]),
        (record("a secret", in_need="self_harm"), ["alert", "telemetry"]),
    ],
)
def test_a_turn_that_ended_is_on_disk_when_the_device_ends(
    tmp_path: Path, ended: TurnRecord, kept: list[str]
) -> None:
    async def story() -> None:
        async with sending(tmp_path) as (made, _):
            made.ended(ended)

    asyncio.run(story())
    assert kinds(tmp_path) == kept


def test_without_consent_a_turn_leaves_nothing_on_disk(tmp_path: Path) -> None:
    async def story() -> None:
        async with sending(tmp_path, Consent()) as (made, _):
            made.ended(record(in_need="self_harm"))

    asyncio.run(story())
    assert not (tmp_path / FILE).exists()


def test_what_is_asked_at_once_can_be_asked_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with sending(tmp_path) as (made, _):
            made.asked("session 4")
        async with sending(tmp_path) as (made, _):
            [sent] = await made.outbox.forget(None)
            assert (sent.kind, sent.ref, sent.peer) == ("turn", "session 4", "gateway.example")

    asyncio.run(story())


def test_a_damaged_file_is_a_fault_and_is_told(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"no database at all. " * 400)

    async def story() -> None:
        async with sending(tmp_path) as (made, faults):
            await made.outbox.contents()
            assert faults == [FAULT]

    asyncio.run(story())
    assert kinds(tmp_path) == ["telemetry"]


class Damaged(InLoop):
    """Found damaged when it is first used."""

    async def run(self, call: Callable[[OutboxStore], ResultT], deadline_s: float = DISK_S) -> ResultT:
        if not self.runs:
            self._lost()
        return await super().run(call, deadline_s)


def test_the_fault_of_a_damaged_file_ends_as_the_new_one_works(tmp_path: Path) -> None:
    faults: list[str] = []

    async def story() -> None:
        made = Sending(
            tmp_path,
            Settings(system2=System2(url="wss://gateway.example/v1/device")),
            Clocks(lambda: 5.0),
            Keyless("no key", lambda health: None),
            idle=lambda: True,
            keeps_words=lambda: False,
            keeps_back=lambda text: False,
            fault=lambda part, why: faults.append(why),
            kept=Damaged,
        )
        await made.outbox.contents()
        await asyncio.sleep(LOST_SHOWN_S - 1)
        assert faults == [LOST]
        await asyncio.sleep(2)
        assert faults == [LOST, ""]
        await made.outbox.close()

    virtual_time.run(story())
