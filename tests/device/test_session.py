"""Whole turns through the real session, in virtual time, with engines that can be slow or fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import pytest

from device.audio.frames import FrameHub
from device.audio.simulated import ClockedPlayback, SimulatedSpeaker
from device.config import Deadlines, Settings, Talk
from device.contracts import (
    FRAME_BYTES,
    FRAME_MS,
    Announcement,
    Audio,
    Frame,
    Gesture,
    Perform,
    Ruling,
    Say,
    SetVolume,
    Spoken,
    StopEverything,
    Urgency,
    Who,
)
from device.errors import MindError, SafetyError, SttError, TtsError
from device.machine import Phase
from device.notices import Answering, Board, Heard, LightChanged, LightState, Moved, Notice, Refused
from device.record import Stage, TurnRecord
from device.session import Ears, Session
from device.turn import Answerers
from tests.fakes import (
    FakeBrain,
    FakeDetector,
    FakeGate,
    FakeListening,
    FakeRobot,
    FakeStt,
    FakeVoice,
    for_ever,
    stock,
)
from tests.virtual_time import run

T = TypeVar("T")

SPEECH = b"\1\0" * (FRAME_BYTES // 2)
SILENCE = bytes(FRAME_BYTES)


@dataclass
class Device:
    """A device whose engines are fakes; everything between them is real."""

    stt: FakeStt = field(default_factory=FakeStt)
    brain: FakeBrain = field(default_factory=FakeBrain)
    gate: FakeGate = field(default_factory=FakeGate)
    voice: FakeVoice = field(default_factory=FakeVoice)
    robot: FakeRobot = field(default_factory=FakeRobot)
    settings: Settings = field(default_factory=Settings)
    records: list[TurnRecord] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    sound: bytes = SILENCE
    """What the microphone gives now."""

    def play(self, story: Callable[[Device], Awaitable[T]]) -> T:
        async def whole() -> T:
            async with self._running():
                return await story(self)

        return run(whole())

    @contextlib.asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self.clock = loop.time
        self.hub = FrameHub()
        self.speaker = SimulatedSpeaker()
        self.board = Board()
        answerers = Answerers(self.brain, self.gate, self.voice, self.speaker, stock, self.board)
        ears = Ears(self.hub, FakeDetector(), self.stt)
        self.session = Session(
            self.settings, ears, answerers, self.robot, self.records.append, clock=loop.time
        )
        whole = asyncio.gather(self._watch(), self._microphone(), self.session.run())
        await asyncio.sleep(0.1)
        yield
        whole.cancel()
        with pytest.raises(asyncio.CancelledError):
            await whole

    async def _microphone(self) -> None:
        while True:
            self.hub.push(Frame(self.sound, self.clock()))
            await asyncio.sleep(FRAME_MS / 1000)

    async def _watch(self) -> None:
        with self.board.watch() as notices:
            async for notice in notices:
                self.notices.append(notice)

    async def say(self, seconds: float = 1.0) -> None:
        """Hold the button and speak."""
        self.session.press()
        self.sound = SPEECH
        await asyncio.sleep(seconds)
        self.sound = SILENCE
        self.session.release()

    async def until(self, condition: Callable[[], bool], within_s: float = 300.0) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110 - virtual time
                await asyncio.sleep(0.005)

    async def turn(self, count: int = 1) -> TurnRecord:
        await self.until(lambda: len(self.records) >= count)
        await asyncio.sleep(0.05)
        return self.records[count - 1]

    def lights(self) -> list[LightState]:
        return [n.state for n in self.notices if isinstance(n, LightChanged)]


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


# --- barge-in --------------------------------------------------------------------------------------

LONG = [Say("One two three four five six seven eight nine ten. ")] * 5


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


def test_a_press_lets_a_stopped_robot_move_again() -> None:
    async def story(device: Device) -> None:
        device.session.stop()
        assert device.robot.halted
        await device.say(0.5)
        assert not device.robot.halted

    Device().play(story)


def test_what_was_not_heard_for_certain_reaches_the_brain_as_uncertain() -> None:
    async def story(device: Device) -> None:
        await device.say(0.5)
        await device.turn()
        assert device.brain.requests[0].certain is False

    Device(stt=FakeStt(certain=False)).play(story)


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


# --- overlap ---------------------------------------------------------------------------------------


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


# --- failures: one sentence, within the deadline, and the next turn works ---------------------------


def stock_text(name: str) -> str:
    return f"Stock {name}."


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
        device.speaker.begin = lambda turn_id: StuckPlayback(fast=False)  # type: ignore[method-assign]
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


# --- safety ----------------------------------------------------------------------------------------


def test_what_could_not_be_judged_is_not_spoken() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert device.voice.texts == ["I would rather not."]
        assert record.gate == "unknown"

    Device(
        gate=FakeGate(forbidden="noon", ruling=Ruling.UNKNOWN, category="", instead="I would rather not.")
    ).play(story)


def test_a_gate_that_breaks_lets_nothing_through() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == stock_text("gate failed")
        assert device.brain.requests == []

    Device(gate=FakeGate(fails=SafetyError("No rules."))).play(story)


def test_an_announcement_passes_the_gate_too() -> None:
    async def story(device: Device) -> None:
        device.session.announce(announcement(Urgency.ALARM, "Something forbidden."))
        assert (await device.turn()).spoken == device.gate.instead

    Device().play(story)


def test_what_the_person_may_not_ask_is_redirected_and_no_mind_hears_it() -> None:
    async def story(device: Device) -> None:
        device.session.ask("something forbidden")
        record = await device.turn()
        assert record.spoken == device.gate.instead
        assert record.gate == "test"
        assert device.brain.requests == []
        device.session.ask("hello")
        await device.turn(2)
        remembered = " ".join(line.text for line in device.brain.requests[0].history)
        assert remembered == device.gate.instead

    Device().play(story)


def test_a_clause_that_may_not_be_said_is_replaced_and_ends_the_reply() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"All is well. {device.gate.instead}"
        assert "forbidden" not in " ".join(device.voice.texts)

    Device(brain=FakeBrain([Say("All is well. This is forbidden stuff. And more of it.")])).play(story)


def test_a_phrase_broken_across_two_clauses_is_still_seen() -> None:
    async def story(device: Device) -> None:
        device.session.ask("hello")
        assert (await device.turn()).spoken.endswith(device.gate.instead)

    gate = FakeGate(forbidden="well, do it")
    Device(brain=FakeBrain([Say("All is very well, do it now.")]), gate=gate).play(story)


def test_sound_with_its_transcript_is_judged_like_text() -> None:
    sound = Audio(b"\1\0" * 8000, 16_000)

    async def story(device: Device) -> None:
        device.session.ask("hello")
        record = await device.turn()
        assert record.spoken == f"From the cloud. {device.gate.instead}"

    items = [Spoken("From the cloud.", sound), Spoken("forbidden words", sound)]
    Device(brain=FakeBrain(items)).play(story)


# --- deeds -----------------------------------------------------------------------------------------


def test_gestures_and_volume_are_carried_out_in_their_place() -> None:
    async def story(device: Device) -> None:
        device.session.ask("wave, and louder")
        await device.turn()
        assert device.robot.done == [Gesture.WAVE]
        assert device.session.volume == 90
        assert device.speaker.volume == 90
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
        assert device.speaker.volume == 80
        device.session.ask("volume")
        await device.turn()
        assert device.session.volume == device.speaker.volume == volume

    Device(brain=FakeBrain([wanted])).play(story)


def test_a_robot_that_refuses_or_hangs_is_no_fault_of_the_conversation() -> None:
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
        assert device.robot.done == []

    Device(brain=FakeBrain([Say("Hello! "), Perform(Gesture.WAVE)])).play(story)


def test_stop_by_voice_reaches_the_same_stop() -> None:
    async def story(device: Device) -> None:
        device.session.ask("stop")
        await device.turn()
        assert device.robot.halts >= 1
        assert device.lights()[-1] is LightState.IDLE

    Device(brain=FakeBrain([StopEverything()])).play(story)


# --- announcements ---------------------------------------------------------------------------------


def announcement(urgency: Urgency, text: str) -> Announcement:
    return Announcement(1, urgency, text, expires_s=1e9)


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


# --- muted -----------------------------------------------------------------------------------------


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


def test_a_session_that_ends_leaves_silence_and_stillness() -> None:
    device = Device(brain=FakeBrain(items=LONG))

    async def story(device: Device) -> None:
        device.session.ask("count")
        await device.until(lambda: device.lights()[-1] is LightState.SPEAKING)

    device.play(story)
    assert device.robot.halted
    assert device.records[0].spoken_s < 1


def test_partial_transcripts_are_shown_while_the_person_speaks() -> None:
    async def story(device: Device) -> None:
        await device.say()
        await device.turn()
        shown = [(n.text, n.final) for n in device.notices if isinstance(n, Heard)]
        assert shown == [("what", False), ("what time", False), ("what time is it", True)]

    Device(stt=FakeStt(partials={10: "what", 25: "what time"})).play(story)


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
