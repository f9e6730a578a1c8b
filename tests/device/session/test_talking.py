"""A person talks and is answered: whole turns, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from device.config import Settings, Talk
from device.contracts import (
    FRAME_MS,
    Say,
)
from device.notices import Answering, Heard, LightState, Refused
from device.record import Stage
from tests.device.session.rig import SILENCE, SPEECH, Device, stock_text
from tests.fakes import (
    FakeBrain,
    FakeStt,
    FakeVoice,
)


def test_a_spoken_question_is_heard_answered_and_written_down() -> None:
    async def story(device: Device) -> None:
        await device.say(1.0)
        record = await device.turn()
        assert record.heard == "what time is it"
        assert record.spoken == "It is noon. Lunch is at one."
        assert record.spoken_s == pytest.approx(0.7)
        assert record.error == ""
        assert list(dict.fromkeys(record.stages_ms)) == [s.value for s in Stage]
        assert device.lights() == [
            LightState.IDLE,
            LightState.LISTENING,
            LightState.THINKING,
            LightState.SPEAKING,
            LightState.IDLE,
        ]
        assert [n.text for n in device.notices if isinstance(n, Answering)] == [
            "It is noon.",
            "Lunch is at one.",
        ]

    Device().play(story)


def test_the_microphones_sound_reaches_the_engine_with_pre_roll_and_post_roll() -> None:
    async def story(device: Device) -> None:
        await asyncio.sleep(1)
        await device.say(1.0)
        await device.turn()
        heard_s = len(device.stt.listenings[0].frames) * FRAME_MS / 1000
        assert heard_s == pytest.approx(0.3 + 1.0 + 0.2, abs=0.05)
        assert device.stt.listenings[0].abandoned

    Device().play(story)


def test_while_the_button_is_held_a_long_silence_does_not_end_the_turn() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.sound = SILENCE
        await asyncio.sleep(10)
        assert device.lights()[-1] is LightState.LISTENING
        device.session.release()
        assert (await device.turn()).heard

    Device().play(story)


def test_in_toggle_mode_silence_with_the_persons_patience_ends_the_turn() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.session.release()
        device.sound = SPEECH
        await asyncio.sleep(1.0)
        device.sound = SILENCE
        silent_since_s = device.clock()
        await device.until(lambda: device.lights()[-1] is LightState.THINKING)
        assert device.clock() - silent_since_s == pytest.approx(1.5, abs=0.06)
        assert (await device.turn()).spoken

    Device(settings=Settings(talk=Talk(mode="toggle", patience_s=1.5))).play(story)


def test_the_press_that_ends_a_toggled_utterance_does_not_silence_its_answer() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.session.release()
        device.sound = SPEECH
        await asyncio.sleep(0.5)
        device.session.press()
        device.sound = SILENCE
        record = await device.turn()
        assert record.spoken == "It is noon. Lunch is at one."
        assert device.speaker.sound().duration_s == pytest.approx(0.7)

    Device(settings=Settings(talk=Talk(mode="toggle"))).play(story)


def test_a_second_press_while_the_button_is_held_changes_nothing() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        await asyncio.sleep(0.1)
        await device.say(0.5)
        record = await device.turn()
        assert record.turn_id == 1
        assert record.spoken_s == pytest.approx(0.7)

    Device().play(story)


def test_a_press_without_a_word_goes_quietly_back_to_idle() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        await asyncio.sleep(0.4)
        device.session.release()
        record = await device.turn()
        assert (record.heard, record.spoken, record.error) == ("", "", "")
        assert device.lights()[-1] is LightState.IDLE
        assert Refused(stock_text("nothing heard")) in device.notices

    Device().play(story)


def test_an_utterance_ends_at_the_limit_whatever_the_button_says() -> None:
    async def story(device: Device) -> None:
        device.session.press()
        device.sound = SPEECH
        record = await device.turn()
        assert record.marks_s[Stage.RELEASED] - record.marks_s[Stage.PRESSED] == pytest.approx(5.0, abs=0.4)
        assert record.spoken

    Device(settings=Settings(talk=Talk(longest_s=5.0))).play(story)


def test_a_microphone_that_gives_nothing_does_not_hold_the_turn_open() -> None:
    async def story(device: Device) -> None:
        device.hub.push = lambda frame: None  # type: ignore[method-assign]
        device.session.press()
        record = await device.turn()
        assert record.heard == ""
        assert device.lights()[-1] is LightState.IDLE

    Device(settings=Settings(talk=Talk(longest_s=5.0))).play(story)


def test_a_click_is_over_soon_even_when_the_microphone_gives_nothing() -> None:
    async def story(device: Device) -> None:
        device.hub.push = lambda frame: None  # type: ignore[method-assign]
        pressed_s = device.clock()
        device.session.press()
        device.session.release()
        await device.turn()
        assert device.clock() - pressed_s < 1.0
        assert device.lights()[-1] is LightState.IDLE

    Device().play(story)


def test_the_first_clause_sounds_while_the_second_is_made_and_the_third_is_thought_of() -> None:
    async def story(device: Device) -> None:
        device.session.ask("three clauses")
        record = await device.turn()
        in_sequence_s = 4 * 0.5 + 3 * 0.3 + record.spoken_s
        assert record.stages_ms["first_audio"] == pytest.approx(2 * 500 + 300, abs=20)
        total_s = record.marks_s[Stage.SPOKEN] - record.marks_s[Stage.RELEASED]
        assert total_s < in_sequence_s - 1.0

    sentences = [
        Say("The first one is this. "),
        Say("Here is the second. "),
        Say("And the third. "),
        Say("End."),
    ]
    Device(brain=FakeBrain(sentences, every_s=0.5), voice=FakeVoice(first_takes_s=0.3)).play(story)


def test_what_was_not_heard_for_certain_reaches_brain_and_record_as_uncertain() -> None:
    async def story(device: Device) -> None:
        await device.say(0.5)
        record = await device.turn()
        assert device.brain.requests[0].certain is False
        assert record.certain is False

    Device(stt=FakeStt(certain=False)).play(story)


def test_partial_transcripts_are_shown_while_the_person_speaks() -> None:
    async def story(device: Device) -> None:
        await device.say()
        await device.turn()
        shown = [(n.text, n.final) for n in device.notices if isinstance(n, Heard)]
        assert shown == [("what", False), ("what time", False), ("what time is it", True)]

    Device(stt=FakeStt(partials={10: "what", 25: "what time"})).play(story)
