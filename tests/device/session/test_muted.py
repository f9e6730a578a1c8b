"""What is refused, and that it is seen and heard."""

from __future__ import annotations

import asyncio

import pytest

from device.notices import LightState, Refused
from tests.device.session.rig import SPEECH, Device, stock_text


def test_a_press_while_muted_is_refused_and_seen_and_typed_words_still_work() -> None:
    async def story(device: Device) -> None:
        device.session.mute(True)
        await asyncio.sleep(0.01)
        assert device.lights()[-1] is LightState.MUTED
        device.session.press()
        await asyncio.sleep(0.5)
        device.session.release()
        assert Refused(stock_text("muted")) in device.notices
        assert device.stt.listenings == []
        assert device.speaker.sound().duration_s == pytest.approx(0.23, abs=0.01)
        device.session.ask("hello")
        assert (await device.turn()).spoken

    Device().play(story)


def test_what_the_microphone_gave_while_muted_is_not_in_the_pre_roll() -> None:
    async def story(device: Device) -> None:
        device.session.mute(True)
        await asyncio.sleep(1)
        device.session.mute(False)
        unmuted_s = device.clock()
        await asyncio.sleep(0.1)
        await device.say(0.5)
        await device.turn()
        assert device.stt.listenings[0].frames[0].captured_s >= unmuted_s

    Device().play(story)


def test_muted_nothing_of_the_room_is_left_in_memory() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(1)
        assert device.hub._ring
        device.session.mute(True)
        assert not device.hub._ring

    Device().play(story)


def test_muting_in_mid_utterance_lets_go_of_the_microphone_and_tells() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.session.mute(True)
        record = await device.turn()
        assert record.cut_off
        assert not record.heard
        assert not device.hub._taps
        assert device.lights()[-1] is LightState.MUTED
        assert Refused(stock_text("muted")) in device.notices

    Device().play(story)


def test_a_typed_request_while_somebody_speaks_is_refused_without_a_sound() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.3)
        device.session.ask("hello")
        await asyncio.sleep(0.3)
        assert Refused(stock_text("still listening")) in device.notices
        assert device.speaker.sound().duration_s == 0
        device.session.release()
        assert (await device.turn()).heard

    Device().play(story)
