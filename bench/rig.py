"""A device in real time whose engines take exactly as long as they are told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from device.audio.frames import FrameHub
from device.audio.simulated import RecordingMicrophone, SimulatedSpeaker
from device.config import Settings, Talk
from device.contracts import RATE_HZ, Audio
from device.conversation import Conversation
from device.notices import Board
from device.ports import Brain, Recall, SafetyGate, SpeechToText, TextToSpeech, VoiceDetector
from device.record import TurnRecord
from device.session import Ears, Session
from device.turn import Answerers
from tests.fakes import FakeDetector, FakeGate, FakeRobot, stock


@dataclass(frozen=True, slots=True)
class Rig:
    session: Session
    hub: FrameHub
    speaker: SimulatedSpeaker
    ended: asyncio.Queue[TurnRecord]
    gate: FakeGate

    async def turn(self, utterance_s: float) -> TurnRecord:
        """Hold the button for that long, with sound in the microphone, and wait for the turn's end."""
        self.session.press()
        await asyncio.sleep(utterance_s)
        self.session.release()
        return await self.ended.get()


@contextlib.asynccontextmanager
async def rig(
    stt: SpeechToText,
    brain: Brain,
    tts: TextToSpeech,
    talk: Talk | None = None,
    detector: VoiceDetector | None = None,
    *,
    silent: bool = False,
    recall: Recall | None = None,
    judge: SafetyGate | None = None,
) -> AsyncIterator[Rig]:
    """Everything between the engines is the product's; the microphone hears a steady sound.

    `silent`: what is said takes no time. `judge` takes the place of a gate that lets everything pass.
    """
    clock = asyncio.get_running_loop().time
    ended: asyncio.Queue[TurnRecord] = asyncio.Queue()
    hub, speaker, board = FrameHub(), SimulatedSpeaker(fast=silent), Board()
    settings = Settings(talk=talk or Talk())
    gate = FakeGate()
    answerers = Answerers(brain, judge or gate, tts, speaker, stock, board, recall)
    ears = Ears(hub, detector or FakeDetector(), stt)
    session = Session(settings, ears, answerers, FakeRobot(), ended.put_nowait, clock, Conversation())
    sound = Audio(b"\1\0" * RATE_HZ * 60, RATE_HZ)

    async def hear() -> None:
        async for frame in RecordingMicrophone(sound, fast=False).frames():
            hub.push(frame)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(session.run()), group.create_task(hear())]
        await asyncio.sleep(0.5)
        yield Rig(session, hub, speaker, ended, gate)
        for task in tasks:
            task.cancel()
