"""One utterance by itself: what it notes in the record, and what it lets go of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from device.audio.endpointer import Endpointer
from device.audio.frames import FrameHub
from device.config import Talk
from device.contracts import FRAME_BYTES, FRAME_MS, Frame
from device.errors import SttError
from device.hearing import Hearing
from device.machine import Endpoint, EndpointReason
from device.notices import Board
from device.record import Kind, Stage, TurnRecord
from tests.fakes import FakeDetector, FakeStt
from tests.virtual_time import run

LONGEST_S = 5.0
SPEECH, SILENCE = b"\1\0" * (FRAME_BYTES // 2), bytes(FRAME_BYTES)


@dataclass
class CountingDetector(FakeDetector):
    resets: int = 0

    def reset(self) -> None:
        self.resets += 1


@dataclass
class Utterance:
    """A hearing and everything around it; made inside the event loop."""

    stt: FakeStt = field(default_factory=FakeStt)
    hub: FrameHub = field(default_factory=FrameHub)
    detector: CountingDetector = field(default_factory=CountingDetector)
    emitted: list[Endpoint] = field(default_factory=list)

    def begin(self, capacity: int = 500) -> Hearing:
        clock = asyncio.get_running_loop().time
        self.record = TurnRecord(1, Kind.SPOKEN, clock, "")
        tap = self.hub.listen(since_s=0.0, capacity=capacity)
        talk = Talk(longest_s=LONGEST_S)
        endpointer = Endpointer.for_talk(talk)
        return Hearing(
            tap,
            self.detector,
            endpointer,
            self.stt,
            self.record,
            Board(),
            LONGEST_S,
            1.0,
            self.emitted.append,
        )

    def push(self, *sounds: bytes) -> None:
        """Frames that were captured one after the other, the first one now."""
        now_s = asyncio.get_running_loop().time()
        for number, pcm in enumerate(sounds):
            self.hub.push(Frame(pcm, now_s + number * FRAME_MS / 1000))


def test_speech_is_dated_by_its_capture_and_not_by_when_it_was_looked_at() -> None:
    async def story() -> None:
        utterance = Utterance()
        hearing = utterance.begin()
        began_s = asyncio.get_running_loop().time()
        utterance.push(SILENCE, *[SPEECH] * 10)
        await asyncio.sleep(2)
        hearing.end(0)
        assert await hearing.transcript()
        assert utterance.record.marks_s[Stage.SPEECH] == pytest.approx(began_s + 0.06)
        assert utterance.detector.resets == 1

    run(story())


def test_frames_that_were_lost_are_counted_in_the_record() -> None:
    async def story() -> None:
        utterance = Utterance()
        hearing = utterance.begin(capacity=10)
        utterance.push(*[SPEECH] * 25)
        await asyncio.sleep(1)
        hearing.end(0)
        await hearing.transcript()
        assert utterance.record.frames_dropped == 15

    run(story())


def test_a_microphone_that_gives_nothing_ends_the_utterance_at_its_limit() -> None:
    async def story() -> None:
        utterance = Utterance()
        assert await utterance.begin().transcript() is None
        assert utterance.emitted == [Endpoint(1, EndpointReason.LIMIT)]
        assert Stage.RELEASED in utterance.record.marks_s

    run(story())


def test_after_an_error_the_tap_is_closed_and_the_engine_let_go() -> None:
    async def story() -> None:
        utterance = Utterance(FakeStt(fails=SttError("broken")))
        hearing = utterance.begin()
        utterance.push(*[SPEECH] * 10)
        await asyncio.sleep(1)
        hearing.end(0)
        with pytest.raises(SttError):
            await hearing.transcript()
        assert not utterance.hub._taps
        assert utterance.stt.listenings[0].abandoned

    run(story())
