"""The far side ends: nothing that turns left for System 2 is lost."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
from pathlib import Path
from typing import cast

import pytest

from cache.outbox import FILE
from device.config import Consent, Settings, System2
from device.contracts import LinkHealth
from device.egress import Egress
from device.far_side import FarSide
from device.moment import Clocks
from device.record import Kind, TurnRecord
from device.session import Session
from tests.free_port import free_port


class FakeSession:
    """As much of one as the far side asks."""

    idle = True
    use = "auto"

    def linked(self, health: LinkHealth) -> None: ...


def a_turn(in_need: str = "") -> TurnRecord:
    record = TurnRecord(1, Kind.TYPED, lambda: 0.0, "2026-11-21T12:00:00+00:00")
    record.in_need = in_need
    return record


def far_side(state: Path, session: FakeSession) -> FarSide:
    url = f"ws://127.0.0.1:{free_port()}/v1/device"
    return FarSide(
        Settings(system2=System2(url=url), consent=Consent(alerts=True, questions=True)),
        Egress(),
        {"HOME": str(state)},
        state,
        Clocks(lambda: 1e9),
        lambda: cast(Session, session),
        lambda part, why: None,
        itertools.count(1),
    )


def kinds(state: Path) -> list[str]:
    with contextlib.closing(sqlite3.connect(state / FILE)) as database:
        return [kind for (kind,) in database.execute("SELECT kind FROM items ORDER BY seq")]


async def ended(running: asyncio.Task[None]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_an_alert_of_a_turn_that_ends_with_the_device_is_kept(tmp_path: Path) -> None:
    async def story() -> None:
        far = far_side(tmp_path, FakeSession())
        async with far.kept():
            running = asyncio.create_task(far.run())
            await asyncio.sleep(0.05)
            await ended(running)
            far.ended(a_turn("self_harm"))  # the session ends after it

    asyncio.run(story())
    assert kinds(tmp_path) == ["alert"]
