"""Presses too short to speak in: one silences, two say it again."""

from __future__ import annotations

import asyncio

import pytest

from device.config import Settings, Talk
from device.contracts import Gesture, Perform, Say, Urgency
from device.notices import LightState, Refused
from device.record import Kind
from tests.device.session.rig import LONG, SPEECH, Device, announcement, stock_text
from tests.fakes import FakeBrain


async def tap(device: Device, seconds: float = 0.1) -> None:
    device.session.press()
    await asyncio.sleep(seconds)
    device.session.release()


def test_a_tap_silences_halts_and_is_not_answered() -> None:
    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(0.5)
        await tap(device)
        assert device.speaker.sound().duration_s == pytest.approx(0, abs=0.01)
        await device.turn(2)
        assert device.lights()[-1] is LightState.IDLE
        assert Refused(stock_text("nothing heard")) not in device.notices
        assert device.robot.halted, "until somebody wants something again"
        await device.say(0.5)
        assert (await device.turn(3)).spoken
        assert not device.robot.halted

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_a_short_press_in_which_somebody_speaks_is_answered() -> None:
    async def story(device: Device) -> None:
        device.sound = SPEECH
        await tap(device, 0.2)
        assert (await device.turn()).heard

    Device().play(story)


def test_a_longer_press_without_a_word_is_told_that_nothing_was_heard() -> None:
    async def story(device: Device) -> None:
        await tap(device, 0.3)
        await device.turn()
        assert Refused(stock_text("nothing heard")) in device.notices

    Device().play(story)


def test_what_was_said_is_said_again_whole_though_it_was_cut_off() -> None:
    async def story(device: Device) -> None:
        device.session.ask("when")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(0.45)
        await tap(device)
        await asyncio.sleep(0.1)
        await tap(device)
        device.session.repeat()
        await device.until(lambda: bool(device.records) and device.records[-1].kind is Kind.AGAIN)
        assert device.records[0].spoken == "It is noon. Lunch"
        assert device.records[-1].spoken == "It is noon. Lunch is at one."

    Device().play(story)


def test_before_anything_was_said_there_is_nothing_to_repeat() -> None:
    async def story(device: Device) -> None:
        device.session.repeat()
        assert (await device.turn()).spoken == stock_text("nothing to repeat")

    Device().play(story)


def test_two_short_words_are_not_taken_for_two_taps() -> None:
    async def story(device: Device) -> None:
        device.sound = SPEECH
        await tap(device, 0.2)
        device.session.repeat()
        record = await device.turn()
        assert (record.kind, record.heard) == (Kind.SPOKEN, "what time is it")

    Device().play(story)


def test_in_toggle_mode_a_short_press_is_the_usual_way_to_talk() -> None:
    async def story(device: Device) -> None:
        await tap(device)
        await asyncio.sleep(0.5)
        await tap(device)
        await device.turn()
        assert Refused(stock_text("nothing heard")) in device.notices

    Device(settings=Settings(talk=Talk(mode="toggle"))).play(story)


def test_after_a_tap_an_alarm_that_waited_still_rings() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        await asyncio.sleep(0.1)
        device.session.announce(announcement(Urgency.ALARM, "Your eggs are done."))
        device.session.release()
        assert (await device.turn(2)).spoken == "Your eggs are done."

    Device().play(story)


def test_a_press_stops_a_gesture_that_is_under_way() -> None:
    async def story(device: Device) -> None:
        device.session.ask("dance")
        await device.until(lambda: bool(device.robot.done))
        halts = device.robot.halts
        device.session.press()
        assert device.robot.halts == halts + 1

    Device(brain=FakeBrain([Perform(Gesture.DANCE), Say("I dance. ")])).play(story)
