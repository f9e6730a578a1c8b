"""Timers and the session that announces them: a person is rung until one press."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from datetime import datetime

from device.alarms import RING_EVERY_S, Alarms, Clocks
from device.brain.packs import timer_phrases
from device.contracts import Timer, TimerKind
from device.record import Kind
from tests.device.session.rig import SILENCE, SPEECH, Device
from tests.device.test_alarms import Disk

EGG = Timer(TimerKind.TIMER, "egg", length_s=60)


@contextlib.asynccontextmanager
async def alarms_of(device: Device) -> AsyncIterator[Alarms]:
    """Joined to the session as the composition joins them."""
    now = asyncio.get_running_loop().time
    clocks = Clocks(now, now, datetime.timestamp)
    alarms = Alarms(Disk(), device.session.announce, itertools.count(1), timer_phrases("en"), clocks)
    device.session.announced = alarms.over
    async with asyncio.TaskGroup() as group:
        running = group.create_task(alarms.run())
        yield alarms
        running.cancel()


def announcements(device: Device) -> list[str]:
    return [record.spoken for record in device.records if record.kind is Kind.ANNOUNCEMENT]


def test_it_rings_until_a_press_and_then_no_more() -> None:
    async def story(device: Device) -> None:
        async with alarms_of(device) as alarms:
            alarms.add(EGG)
            await asyncio.sleep(60 + RING_EVERY_S + 0.2)
            assert len(device.records) == 1
            device.session.press()
            device.session.release()
            await asyncio.sleep(600)
            assert alarms.running() == ()
        first, second = announcements(device)
        assert "egg timer has ended" in first
        assert first != second  # cut off by the press

    Device().play(story)


def test_it_waits_for_a_person_who_speaks_and_rings_after_the_answer() -> None:
    async def story(device: Device) -> None:
        async with alarms_of(device) as alarms:
            alarms.add(EGG)
            await asyncio.sleep(59)
            device.session.press()
            device.sound = SPEECH
            await asyncio.sleep(3)
            assert device.voice.texts == []
            device.sound = SILENCE
            device.session.release()
            await device.turn(2)
            kinds = [record.kind for record in device.records]
            assert kinds == [Kind.SPOKEN, Kind.ANNOUNCEMENT]

    Device().play(story)


def test_stop_ends_it() -> None:
    async def story(device: Device) -> None:
        async with alarms_of(device) as alarms:
            alarms.add(EGG)
            await asyncio.sleep(60.2)
            device.session.stop()
            await asyncio.sleep(600)
            assert alarms.running() == ()
            assert len(device.records) == 1

    Device().play(story)
