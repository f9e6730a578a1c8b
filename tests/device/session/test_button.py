"""A button's gestures, from a mock pin through the real session, in both ways of talking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from device.config import Button, Settings, Talk
from device.hw.buttons import open_buttons
from device.hw.talk_button import TalkButton
from device.notices import LightState, Refused
from device.record import Kind
from tests.device.hw.buttons import play
from tests.device.session.rig import LONG, SILENCE, SPEECH, Device, stock_text
from tests.fakes import FakeBrain

MODES = ("hold", "toggle")
TAP_TAP = "0.1 -0.2 0.1"
TAP_TAP_HOLD = "0.1 -0.2 0.1 -0.2 1"
Hand = Callable[[str], Awaitable[None]]


def with_button(mode: str, story: Callable[[Device, Hand], Awaitable[None]]) -> Device:
    """The story is told a hand that plays on the button: see `play`."""

    async def whole(device: Device) -> None:
        session = device.session
        factory = MockFactory()

        def button(part: str) -> TalkButton:
            return TalkButton(
                session,
                session,
                muted=lambda: session.standing.muted,
                fault=session.fault,
                longest_s=device.settings.talk.longest_s,
                part=part,
            )

        with open_buttons(Button(pin="GPIO17"), button, session.latch.pull, session.fault, factory):
            pin: Any = factory.pin("GPIO17")
            await story(device, lambda pressed: play(pressed, pin.drive_low, pin.drive_high))

    device = Device(brain=FakeBrain(LONG), settings=Settings(talk=Talk(mode=mode)))  # type: ignore[arg-type]
    device.play(whole)
    return device


async def answered(device: Device, hand: Hand) -> None:
    """Say something, and wait until the answer sounds. A press, in toggle mode, is as long as one likes."""
    device.sound = SPEECH
    await hand("1")
    device.sound = SILENCE
    await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
    await asyncio.sleep(0.5)


@pytest.mark.parametrize("mode", MODES)
def test_a_press_silences_what_is_being_said(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await answered(device, hand)
        await hand("0.1")
        sounded_s = device.speaker.sound().duration_s
        await asyncio.sleep(10)
        assert device.speaker.sound().duration_s == sounded_s
        assert device.lights()[-1] is LightState.IDLE

    with_button(mode, story)


@pytest.mark.parametrize("mode", MODES)
def test_two_taps_say_it_again(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await answered(device, hand)
        await hand(TAP_TAP)
        await asyncio.sleep(60)

    device = with_button(mode, story)
    assert [record.kind for record in device.records if record.spoken] == [Kind.SPOKEN, Kind.AGAIN]
    assert len(device.brain.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_tap_tap_hold_mutes_and_nothing_of_it_is_answered(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await answered(device, hand)
        await hand(TAP_TAP_HOLD)
        await asyncio.sleep(60)
        assert device.lights()[-1] is LightState.MUTED
        assert device.session.standing.muted
        await hand("1")
        await asyncio.sleep(5)
        assert device.notices.count(Refused(stock_text("muted"))) >= 1

    device = with_button(mode, story)
    assert len(device.brain.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_what_is_spoken_while_muting_is_not_answered(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await hand(TAP_TAP + " -0.2")
        device.sound = SPEECH
        await hand("1")
        device.sound = SILENCE
        await asyncio.sleep(60)
        assert device.session.standing.muted

    device = with_button(mode, story)
    assert device.brain.requests == []


@pytest.mark.parametrize("mode", MODES)
def test_tap_tap_hold_ends_muting_and_the_next_press_is_heard(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await hand(TAP_TAP_HOLD)
        await asyncio.sleep(5)
        device.sound = SPEECH
        await hand(TAP_TAP_HOLD)
        device.sound = SILENCE
        await asyncio.sleep(5)
        assert not device.session.standing.muted
        assert device.brain.requests == []
        await answered(device, hand)

    assert len(with_button(mode, story).brain.requests) == 1


@pytest.mark.parametrize("mode", MODES)
def test_a_stuck_button_closes_the_microphone_and_says_why(mode: str) -> None:
    async def story(device: Device, hand: Hand) -> None:
        await hand("40 -0.1")
        assert device.session.standing.faults == ()

    device = with_button(mode, story)
    assert LightState.FAULT in device.lights()
    assert device.wanted[-2:] == [False, True]


def test_held_at_power_on_the_device_is_set_up() -> None:
    async def story(device: Device) -> None:
        session = device.session
        button = TalkButton(session, session, muted=lambda: False, fault=session.fault, longest_s=30.0)
        button.held_at_start()
        await asyncio.sleep(4)
        button.release()
        await asyncio.sleep(1)
        assert session.standing.setup
        assert device.lights()[-1] is LightState.SETUP
        assert device.stt.listenings == []

    Device().play(story)


def test_a_press_in_setup_mode_is_no_talk_and_ends_it() -> None:
    async def story(device: Device) -> None:
        device.session.set_up(True)
        await device.say(0.5)
        assert Refused(stock_text("setup")) in device.notices
        assert device.stt.listenings == []
        assert not device.session.standing.setup
        await device.say(0.5)
        assert (await device.turn()).heard

    Device().play(story)
