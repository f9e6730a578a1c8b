"""What the device says of its own accord, and when."""

from __future__ import annotations

import asyncio

from device.contracts import (
    Urgency,
)
from device.notices import LightState
from tests.device.session.rig import LONG, SILENCE, SPEECH, Device, announcement
from tests.fakes import (
    FakeBrain,
)


def test_an_alarm_pre_empts_a_reply_and_a_press_dismisses_it() -> None:
    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(0.5)
        device.session.announce(announcement(Urgency.ALARM, "Your eggs are done, come and get them now."))
        await device.until(lambda: len(device.records) == 1)
        await asyncio.sleep(0.3)
        await device.say(0.5)
        await device.turn(3)
        alarm = device.records[1]
        assert alarm.spoken == "Your eggs are"
        assert alarm.cut_off
        assert device.records[2].heard

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_an_announcement_waits_until_a_person_has_been_answered() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.3)
        device.session.announce(announcement(Urgency.ALARM, "Your eggs are done."))
        await asyncio.sleep(3)
        assert device.voice.texts == []
        device.sound = SILENCE
        device.session.release()
        await device.turn(2)
        assert [record.spoken for record in device.records] == [
            "It is noon. Lunch is at one.",
            "Your eggs are done.",
        ]

    Device().play(story)
