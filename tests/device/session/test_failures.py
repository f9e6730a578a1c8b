"""Engines that hang, throw or give nothing: one sentence by the deadline, and the next turn works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from device.audio.simulated import ClockedPlayback
from device.config import Deadlines, Settings
from device.contracts import (
    Say,
)
from device.errors import MindError, SttError, TtsError
from device.notices import Answering, LightState, Refused
from device.record import Stage
from tests.device.session.rig import LONG, Device, stock_text
from tests.fakes import (
    FakeBrain,
    FakeGate,
    FakeListening,
    FakeStt,
    FakeVoice,
    for_ever,
)


def test_a_recogniser_that_cannot_even_begin_is_told_and_the_next_turn_works() -> None:
    async def story(device: Device) -> None:
        begin = device.stt.listen
        device.stt.listen = raise_no_thread  # type: ignore[method-assign]
        await device.say(0.5)
        assert (await device.turn()).spoken == stock_text("stt failed")
        device.stt.listen = begin  # type: ignore[method-assign]
        await device.say(0.5)
        assert (await device.turn(2)).heard

    def raise_no_thread() -> FakeListening:
        raise RuntimeError("can't start new thread")

    Device().play(story)


def raiser(error: Exception, only: str = "") -> Callable[[str], Exception | None]:
    return lambda text: error if only in text else None


FAILURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "stt throws": ({"stt": FakeStt(fails=SttError("The recogniser broke."))}, "stt", "stt failed"),
    "stt has a bug": ({"stt": FakeStt(fails=KeyError("x"))}, "bug", "stt failed"),
    "stt hangs": ({"stt": FakeStt(hangs=True)}, "timeout", "stt failed"),
    "mind throws": ({"brain": FakeBrain([MindError("No model.")])}, "mind", "mind failed"),
    "mind has a bug": ({"brain": FakeBrain([KeyError("x")])}, "bug", "mind failed"),
    "mind says nothing": ({"brain": FakeBrain([])}, "mind", "mind failed"),
    "mind stops in mid-thought": (
        {"brain": FakeBrain([Say("Well, "), Say("never")], hangs_after=1)},
        "timeout",
        "mind failed",
    ),
    "mind hangs": ({"brain": FakeBrain(hangs_after=0)}, "timeout", "mind failed"),
    "gate hangs": ({"gate": FakeGate(hangs=True)}, "safety", "gate failed"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failing_engine_is_told_in_one_sentence_by_the_deadline_and_the_next_turn_works(name: str) -> None:
    parts, code, sentence = FAILURES[name]

    async def story(device: Device) -> None:
        await device.say()
        record = await device.turn()
        assert record.error_code == code
        assert record.spoken == stock_text(sentence)
        told_s = record.stages_ms["first_audio"] / 1000
        limits = device.settings.deadlines
        assert told_s <= max(limits.stt_s, limits.first_words_s) + 1
        device.stt.fails, device.stt.hangs, device.gate.hangs = None, False, False
        device.brain.items, device.brain.hangs_after = FakeBrain().items, None
        await device.say()
        record = await device.turn(2)
        assert record.error == ""
        assert record.spoken == "It is noon. Lunch is at one."

    fresh = {key: replace(part) for key, part in parts.items()}
    Device(**fresh).play(story)


@pytest.mark.parametrize(
    "voice",
    [FakeVoice(fails_on=raiser(TtsError("No sound."))), FakeVoice(hangs=True), FakeVoice(silent=True)],
    ids=["throws", "hangs", "gives nothing"],
)
def test_when_the_voice_itself_fails_a_sound_and_the_page_tell(voice: FakeVoice) -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.error_code in ("tts", "timeout")
        assert record.spoken_s == pytest.approx(0.5)
        assert record.spoken == ""
        assert any(isinstance(n, Answering) and n.text == stock_text("mind failed") for n in device.notices)
        device.voice.hangs, device.voice.silent, device.voice.fails_on = False, False, lambda text: None
        device.session.ask("hello")
        assert (await device.turn(2)).spoken == "It is noon. Lunch is at one."

    Device(voice=replace(voice)).play(story)


def test_of_a_clause_whose_voice_broke_off_only_the_words_that_sounded_are_remembered() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"The first clause. One two {stock_text('lost thread')}"
        assert record.spoken_s == pytest.approx(0.3 + 0.6 + 0.3)

    clauses = [Say("The first clause. "), Say("One two three four five six seven eight nine ten.")]
    Device(brain=FakeBrain(clauses), voice=FakeVoice(hangs_after_words=6)).play(story)


def test_a_mind_that_breaks_off_is_spoken_as_far_as_it_came_and_then_excused() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"The beginning is good. {stock_text('lost thread')}"

    Device(brain=FakeBrain([Say("The beginning is good. "), Say("Then "), MindError("gone")])).play(story)


def test_speech_that_is_not_understood_is_answered_with_a_sentence() -> None:
    async def story(device: Device) -> None:
        await device.say()
        record = await device.turn()
        assert record.spoken == stock_text("not understood")
        assert record.error == ""

    Device(stt=FakeStt(hears="")).play(story)


class StuckPlayback(ClockedPlayback):
    async def drain(self) -> None:
        await for_ever()


def test_a_speaker_that_is_stuck_ends_the_turn_soon_after_its_sound_should_have_ended() -> None:
    async def story(device: Device) -> None:
        device.speaker.begin = lambda turn_id: StuckPlayback(fast=False)
        device.session.ask("hello")
        record = await device.turn()
        assert record.error_code == "timeout"
        assert record.error.startswith("The speaker did not answer within")
        assert record.marks_s[Stage.SPOKEN] - record.marks_s[Stage.FIRST_AUDIO] == pytest.approx(2.7, abs=0.1)
        assert device.lights()[-1] is LightState.IDLE

    Device().play(story)


def test_a_turn_that_never_ends_is_ended() -> None:
    async def story(device: Device) -> None:
        device.session.ask("talk for ever")
        record = await device.turn()
        assert record.error_code == "timeout"
        assert record.error == "The turn did not answer within 20 s."
        assert Refused(stock_text("lost thread")) in device.notices
        assert device.lights()[-1] is LightState.IDLE
        await asyncio.sleep(1)
        assert device.speaker.sound().duration_s == pytest.approx(0.5)

    settings = Settings(deadlines=Deadlines(turn_s=20.0))
    Device(brain=FakeBrain(items=LONG * 50), settings=settings).play(story)
