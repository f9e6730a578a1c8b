"""A turn alone: the announcements that ring."""

from __future__ import annotations

import asyncio

import pytest

from device.audio.earcon import ring
from device.audio.simulated import SimulatedSpeaker
from device.config import Deadlines
from device.errors import TtsError
from device.notices import Answering, Board
from device.record import Kind, TurnRecord
from device.turn import Answerers, Turn
from tests.fakes import FakeBrain, FakeGate, FakeVoice, stock
from tests.virtual_time import run

WORDS = "Your tea timer has ended."


class Announcing:
    """One announcement from its beginning to its end."""

    def __init__(self, *, rings: bool, voice: FakeVoice | None = None, gate: FakeGate | None = None) -> None:
        self.speaker = SimulatedSpeaker()
        self.shown = ""
        self.record = run(self._announced(rings, voice or FakeVoice(), gate or FakeGate()))

    async def _announced(self, rings: bool, voice: FakeVoice, gate: FakeGate) -> TurnRecord:
        clock = asyncio.get_running_loop().time
        record = TurnRecord(1, Kind.ANNOUNCEMENT, clock, "2026-03-03T12:00:00.000Z")
        board = Board()
        answerers = Answerers(FakeBrain(), gate, voice, self.speaker, stock, board)
        turn = Turn(record, answerers, Deadlines(), "en", lambda event: None, lambda act: None)
        with board.watch() as notices:
            await turn.announce(WORDS, rings=rings)
            shown = await anext(notices)
        assert isinstance(shown, Answering)
        self.shown = shown.text
        return record

    @property
    def sound_s(self) -> float:
        return self.speaker.sound().duration_s


def test_what_rings_does_so_before_its_words() -> None:
    rung = Announcing(rings=True)
    silent = Announcing(rings=False)
    assert rung.record.spoken == silent.record.spoken == WORDS
    assert rung.sound_s == pytest.approx(silent.sound_s + ring().duration_s)


def test_it_rings_and_shows_its_words_when_the_voice_fails() -> None:
    broken = FakeVoice(fails_on=lambda text: TtsError("The voice broke."))
    rung = Announcing(rings=True, voice=broken)
    assert rung.sound_s == pytest.approx(ring().duration_s)
    assert rung.shown == WORDS
    assert rung.record.error_code == "tts"
    assert broken.texts == [WORDS]


def test_words_that_the_gate_does_not_pass_are_not_said_but_it_rings() -> None:
    gate = FakeGate(forbidden="tea")
    rung = Announcing(rings=True, gate=gate)
    assert rung.record.spoken == gate.instead
    assert rung.sound_s > ring().duration_s
