"""A device in virtual time: the real session and turn around engines that do as they are told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest

from device.audio.frames import FrameHub
from device.audio.simulated import SimulatedSpeaker
from device.config import Settings
from device.contracts import (
    FRAME_BYTES,
    FRAME_MS,
    Announcement,
    Frame,
    Say,
    Urgency,
)
from device.conversation import Conversation
from device.notices import Board, LightChanged, LightState, Notice
from device.ports import Recall, TextToSpeech
from device.record import TurnRecord
from device.session import Ears, Session
from device.turn import Answerers
from tests.fakes import (
    FakeBrain,
    FakeDetector,
    FakeGate,
    FakeRobot,
    FakeStt,
    FakeVoice,
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
    brain: Any = field(default_factory=FakeBrain)
    gate: FakeGate = field(default_factory=FakeGate)
    voice: FakeVoice = field(default_factory=FakeVoice)
    wrapped: Callable[[FakeVoice], TextToSpeech] = lambda voice: voice
    """What stands between the turn and its voice."""
    robot: FakeRobot = field(default_factory=FakeRobot)
    settings: Settings = field(default_factory=Settings)
    conversation: Conversation = field(default_factory=Conversation)
    records: list[TurnRecord] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    wanted: list[bool] = field(default_factory=list)
    """How the microphone was opened and closed."""
    loudspeaker: Callable[[], Any] = SimulatedSpeaker
    sound: bytes = SILENCE
    """What the microphone gives now."""
    recall: Recall | None = None
    ended: Callable[[TurnRecord], None] = lambda record: None
    """Told of every turn that ended, after it stands in `records`."""
    echo_free: bool = False
    """Now; see `session.Ears`."""

    def play(self, story: Callable[[Device], Awaitable[T]]) -> T:
        async def whole() -> T:
            async with self.running():
                return await story(self)

        return run(whole())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        self.clock = loop.time
        self.hub = FrameHub()
        self.speaker = self.loudspeaker()
        self.board = Board()
        answerers = Answerers(
            self.brain,
            self.gate,
            self.wrapped(self.voice),
            self.speaker,
            stock,
            self.board,
            self.recall,
        )
        ears = Ears(self.hub, FakeDetector(), self.stt, self.wanted.append, lambda: self.echo_free)
        self.session = Session(
            self.settings, ears, answerers, self.robot, self._ended, loop.time, self.conversation
        )
        whole = asyncio.gather(self._watch(), self._microphone(), self.session.run())
        await asyncio.sleep(0.1)
        yield
        whole.cancel()
        with pytest.raises(asyncio.CancelledError):
            await whole

    def _ended(self, record: TurnRecord) -> None:
        self.records.append(record)
        self.ended(record)

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


LONG = [Say("One two three four five six seven eight nine ten. ")] * 5


def stock_text(name: str) -> str:
    return f"Stock {name}."


def announcement(urgency: Urgency, text: str) -> Announcement:
    return Announcement(1, urgency, text, expires_s=1e9)
