"""What a turn does besides speaking: gestures, volume, stop."""

from __future__ import annotations

import asyncio

import pytest

from device.config import Settings, Sound
from device.contracts import (
    Emotion,
    Express,
    Gesture,
    Perform,
    ReplyItem,
    Say,
    SetVolume,
    StopEverything,
)
from device.notices import LightChanged, LightState, Moved
from tests.device.session.rig import LONG, Device
from tests.fakes import FakeBrain, FakeRobot


def test_a_press_lets_a_stopped_robot_move_again() -> None:
    async def story(device: Device) -> None:
        device.session.stop()
        assert device.robot.halted
        await device.say(0.5)
        assert not device.robot.halted

    Device().play(story)


def test_stop_silences_halts_the_robot_and_keeps_still_until_a_person_wants_something() -> None:
    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(0.5)
        device.session.stop()
        assert device.robot.halted
        assert device.speaker.sound().duration_s == pytest.approx(0.5, abs=0.02)
        assert (await device.turn()).cut_off
        assert device.lights()[-1] is LightState.IDLE
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        assert not device.robot.halted

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_gestures_and_volume_are_carried_out_in_their_place() -> None:
    async def story(device: Device) -> None:
        device.session.ask("wave, and louder")
        await device.turn()
        assert device.robot.done == [Gesture.WAVE]
        assert device.session.volume == 90
        assert Moved(Gesture.WAVE) in device.notices

    Device(brain=FakeBrain([Say("Hello! "), Perform(Gesture.WAVE), SetVolume(change=10)])).play(story)


def test_a_gesture_comes_after_the_words_before_it_even_in_mid_clause() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        await device.turn()
        assert device.voice.texts == ["Hello", "there."]

    Device(brain=FakeBrain([Say("Hello"), Perform(Gesture.WAVE), Say(" there.")])).play(story)


@pytest.mark.parametrize(("wanted", "volume"), [(SetVolume(percent=35), 35), (SetVolume(change=50), 100)])
def test_the_volume_is_set_or_changed_within_its_range(wanted: SetVolume, volume: int) -> None:
    async def story(device: Device) -> None:
        assert device.speaker.volume == 40
        device.session.ask("volume")
        await device.turn()
        assert device.session.volume == volume
        assert device.speaker.volume == round(volume / 2)

    loudest = Settings(sound=Sound(loudest=50))
    Device(brain=FakeBrain([wanted]), settings=loudest).play(story)


def test_once_stopped_no_gesture_reaches_the_robot_until_a_person_wants_something() -> None:
    """The latch may be pulled in another thread, before the turn under way hears of it."""

    async def story(device: Device) -> None:
        device.session.ask("wave")
        await device.until(lambda: bool(device.voice.texts))
        device.session.latch.pull()
        await device.turn()
        assert device.robot.done == []
        assert Moved(Gesture.WAVE) not in device.notices
        device.session.ask("wave")
        await device.turn(2)
        assert device.robot.done == [Gesture.WAVE]

    items: list[ReplyItem | Exception] = [
        Say("Hello! "),
        Say("I wave. "),
        Say("Now. "),
        Perform(Gesture.WAVE),
    ]
    Device(brain=FakeBrain(items, every_s=0.5)).play(story)


def test_a_robot_that_refuses_hangs_or_breaks_is_no_fault_of_the_conversation() -> None:
    async def story(device: Device) -> None:
        tasks = len(asyncio.all_tasks())
        device.robot.hangs = True
        device.session.ask("wave")
        await device.turn()
        await asyncio.sleep(20)
        assert len(asyncio.all_tasks()) == tasks
        device.robot.hangs, device.robot.refuses = False, True
        device.session.ask("wave")
        assert (await device.turn(2)).error == ""
        device.robot.breaks = True
        device.session.ask("wave")
        assert (await device.turn(3)).error == ""
        device.session.ask("wave")
        assert (await device.turn(4)).spoken == "Hello!"
        assert device.robot.done == []

    Device(brain=FakeBrain([Say("Hello! "), Perform(Gesture.WAVE)])).play(story)


def test_stop_by_voice_reaches_the_same_stop() -> None:
    async def story(device: Device) -> None:
        device.session.ask("stop")
        await device.turn()
        assert device.robot.halts >= 1
        assert device.lights()[-1] is LightState.IDLE

    Device(brain=FakeBrain([StopEverything()])).play(story)


def test_a_session_that_ends_leaves_silence_and_stillness() -> None:
    device = Device(brain=FakeBrain(items=LONG))

    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)

    device.play(story)
    assert device.robot.halted
    assert device.records[0].spoken_s < 1


def test_a_mood_is_heard_in_the_voice_and_seen_in_light_and_robot_until_the_words_end() -> None:
    async def story(device: Device) -> None:
        device.session.ask("good news")
        await device.turn()
        await asyncio.sleep(0.1)
        assert device.voice.emotions == [Emotion.NEUTRAL, Emotion.HAPPY]
        assert device.robot.moods == [Emotion.HAPPY, Emotion.NEUTRAL]
        moods = [notice.mood for notice in device.notices if isinstance(notice, LightChanged)]
        assert Emotion.HAPPY in moods
        assert moods[-1] is Emotion.NEUTRAL

    Device(brain=FakeBrain([Say("Well. "), Express(Emotion.HAPPY), Say("It works.")])).play(story)


def test_a_barge_in_ends_the_mood() -> None:
    async def story(device: Device) -> None:
        device.session.ask("good news")
        await device.until(lambda: device.session.light.mood is Emotion.HAPPY)
        device.session.press()
        await device.until(lambda: device.session.light.mood is Emotion.NEUTRAL, within_s=1)
        await asyncio.sleep(0.1)
        assert device.robot.moods == [Emotion.HAPPY, Emotion.NEUTRAL]

    Device(brain=FakeBrain([Express(Emotion.HAPPY), *LONG])).play(story)


def test_a_mood_without_a_word_is_no_answer() -> None:
    """Small language models write such replies; the person would wait for words that never come."""

    async def story(device: Device) -> None:
        device.session.ask("good news")
        record = await device.turn()
        assert record.error == "The mind gave no answer."
        assert record.spoken

    Device(brain=FakeBrain([Express(Emotion.HAPPY)])).play(story)


def test_a_robot_whose_face_hangs_does_not_hold_up_the_words() -> None:
    async def story(device: Device) -> None:
        device.session.ask("good news")
        assert (await device.turn()).spoken == "It works."

    brain = FakeBrain([Express(Emotion.HAPPY), Say("It works.")])
    Device(brain=brain, robot=FakeRobot(hangs=True)).play(story)
