"""A person interrupts, again and again; nothing of the old turn is left."""

from __future__ import annotations

import asyncio
import time

import pytest

from device.audio.page_speaker import PageSpeaker
from device.contracts import (
    FRAME_MS,
    Who,
)
from device.machine import Phase
from device.notices import LightState
from device.record import Stage
from tests.device.session.rig import LONG, SILENCE, SPEECH, Device
from tests.fakes import (
    FakeBrain,
    FakeStt,
)


def test_barge_in_stops_the_sound_at_once_and_only_what_was_spoken_is_remembered() -> None:
    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(1.25)
        device.session.press()
        first = device.speaker.sound()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.sound = SILENCE
        device.session.release()
        await device.turn(2)
        interrupted = device.records[0]
        assert interrupted.cut_off
        assert interrupted.spoken_s == pytest.approx(1.25, abs=0.02)
        assert first.duration_s == pytest.approx(1.25, abs=0.02)
        assert interrupted.spoken == "One two three four five six seven eight nine ten. One two"
        remembered = [line.text for line in device.brain.requests[1].history if line.who is Who.DEVICE]
        assert remembered == [interrupted.spoken]
        assert device.brain.closed == 2

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_after_a_barge_in_the_pre_roll_does_not_hold_our_own_voice() -> None:
    async def story(device: Device) -> None:
        device.speaker.latency_s = 0.1
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        await asyncio.sleep(1)
        pressed_s = device.clock()
        await device.say(0.5)
        await device.turn(2)
        assert device.stt.listenings[0].frames[0].captured_s >= pressed_s + 0.1

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_while_its_echo_is_cancelled_and_no_longer_the_pre_roll_reaches_back_into_the_reply() -> None:
    async def story(device: Device) -> None:
        device.speaker.latency_s = 0.1
        for turn, echo_free in enumerate((True, False)):
            device.echo_free = echo_free
            device.session.ask("count")
            await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
            await asyncio.sleep(1)
            pressed_s = device.clock()
            await device.say(0.5)
            await device.turn(2 * turn + 2)
            since_press_s = device.stt.listenings[turn].frames[0].captured_s - pressed_s
            assert (since_press_s < -0.2) is echo_free

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_a_mind_that_hangs_does_not_delay_the_next_turn() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hang")
        await asyncio.sleep(1)
        device.brain.hangs_after = None
        pressed_s = device.clock()
        await device.say(0.5)
        record = await device.turn(2)
        assert record.marks_s[Stage.CAPTURED] - pressed_s == pytest.approx(0.7, abs=0.1)
        assert record.spoken == "It is noon. Lunch is at one."

    Device(brain=FakeBrain(hangs_after=0)).play(story)


def test_a_button_that_bounces_costs_nothing_and_leaves_nothing_behind() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(1)
        for _ in range(3):
            device.session.press()
            device.session.release()
        await device.say(0.5)
        record = await device.turn(4)
        assert [ended.turn_id for ended in device.records] == [1, 2, 3, 4]
        assert [ended.cut_off for ended in device.records] == [True, True, True, False]
        assert record.heard == "what time is it"
        heard_s = len(device.stt.listenings[-1].frames) * FRAME_MS / 1000
        assert heard_s == pytest.approx(0.3 + 0.5 + 0.2, abs=0.05)
        assert all(listening.abandoned for listening in device.stt.listenings)
        assert not device.hub._taps

    Device().play(story)


def test_a_turn_waits_for_every_turn_before_it_and_not_only_for_the_last() -> None:
    async def story(device: Device) -> None:
        await device.say(0.5)
        await device.until(lambda: bool(device.stt.listenings))
        await asyncio.sleep(0.5)
        device.session.press()
        await asyncio.sleep(0.05)
        device.session.release()
        await asyncio.sleep(0.05)
        await device.say(0.5)
        record = await device.turn(3)
        assert [ended.turn_id for ended in device.records] == [2, 1, 3]
        assert len(device.stt.listenings) == 2
        assert record.heard

    Device(stt=FakeStt(takes_s=1.0, abandoning_takes_s=1.0)).play(story)


def test_a_turn_whose_engine_never_lets_go_is_waited_for_once_and_left_behind() -> None:
    async def story(device: Device) -> None:
        await device.say(0.5)
        await asyncio.sleep(0.5)
        asked_s = device.clock()
        device.session.ask("hello")
        record = await device.turn()
        assert record.turn_id == 2
        assert record.marks_s[Stage.FIRST_AUDIO] - asked_s == pytest.approx(3.0, abs=0.1)
        asked_s = device.clock()
        device.session.ask("hello")
        assert (await device.turn(2)).marks_s[Stage.FIRST_AUDIO] - asked_s < 0.1

    Device(stt=FakeStt(takes_s=1.0, abandoning_takes_s=1000.0)).play(story)


def test_press_and_stop_silence_the_speaker_before_they_return() -> None:
    async def story(device: Device) -> None:
        for act in (device.session.press, device.session.stop):
            device.session.ask("count")
            await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
            await asyncio.sleep(0.5)
            act()
            silenced_at = device.speaker.sound().duration_s
            assert device.speaker._playback is not None
            assert device.speaker._playback._silenced.is_set()
            assert silenced_at == pytest.approx(0.5, abs=0.02)
            device.session.stop()
            await asyncio.sleep(1)

    Device(brain=FakeBrain(items=LONG)).play(story)


def test_a_thought_that_was_never_spoken_costs_the_next_utterance_none_of_its_pre_roll() -> None:
    async def story(device: Device) -> None:
        device.speaker.latency_s = 0.15
        await asyncio.sleep(1)
        device.session.ask("think")
        await asyncio.sleep(0.3)
        pressed_s = device.clock()
        await device.say(0.5)
        await device.turn(2)
        assert device.stt.listenings[0].frames[0].captured_s == pytest.approx(pressed_s - 0.3, abs=0.03)

    Device(brain=FakeBrain(hangs_after=0)).play(story)


def test_a_hundred_turns_of_every_kind_leave_nothing_behind() -> None:
    async def story(device: Device) -> None:
        before = len(asyncio.all_tasks())
        for number in range(100):
            device.session.ask("count") if number % 3 else device.session.press()
            await asyncio.sleep(0.37 * (number % 5))
            device.session.release()
            if number % 7 == 0:
                device.session.stop()
        await asyncio.sleep(200)
        assert len(asyncio.all_tasks()) == before
        assert device.session._state.phase is Phase.IDLE
        assert len(device.records) == device.session._state.turn_id

    Device(brain=FakeBrain(items=LONG)).play(story)


class SteppingOutlet:
    """A page that plays what it is given, as fast as it is told to."""

    rate_hz = 16_000

    def __init__(self, speaker: PageSpeaker) -> None:
        self.begun = 0
        self._speaker = speaker
        self._sound_id = 0
        self._given = 0

    def play(self, sound_id: int, turn_id: int) -> None:
        self.begun += 1
        self._sound_id, self._given = sound_id, 0

    def sound(self, sound_id: int, pcm: bytes) -> None:
        self._given += len(pcm) // 2

    def silence(self) -> None:
        self._given = 0

    def plays(self) -> None:
        self._speaker.reached(self._sound_id, self._given)


@pytest.mark.parametrize("how", ["press", "stop"])
def test_a_turn_that_waits_for_room_in_the_speaker_does_not_begin_to_sound_again(how: str) -> None:
    """Silenced, there is room at once: what it writes then would sound until the inbox is read."""

    async def story(device: Device) -> None:
        outlet = SteppingOutlet(device.speaker)
        device.speaker.attach(outlet)
        device.session.ask("count")
        await asyncio.sleep(0.3)
        outlet.plays()
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)
        begun = outlet.begun
        getattr(device.session, how)()
        await asyncio.sleep(0.1)
        assert outlet.begun == begun

    Device(brain=FakeBrain(items=LONG), loudspeaker=lambda: PageSpeaker(time.monotonic)).play(story)
