"""A stand-in for the session and a running page server, for tests of the page."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal

from device import config
from device.audio.page_microphone import PageMicrophone
from device.audio.page_speaker import PageSpeaker
from device.contracts import Audio, Frame, Gesture, Mind, Route
from device.notices import Answering, Board, Heard, LightChanged, LightState, Moved, TurnEnded
from device.panel.server import Panel
from tests.tones import tone

ANSWER = Route(Mind.SKILL, "the sentence for time fits")


class ScriptedSession:
    """Implements `ports.Controls`: writes down what was done, listens while pressed, answers with a tone."""

    def __init__(self, board: Board, microphone: PageMicrophone, speaker: PageSpeaker) -> None:
        self.board = board
        self.speaker = speaker
        self.done: list[str] = []
        self.frames: list[Frame] = []
        self.light = LightChanged(LightState.IDLE, leaving=False)
        self.reply_s = 0.6
        self.played_s = 0.0
        self.turn_id = 0
        self._microphone = microphone
        self._replies: asyncio.Queue[str] = asyncio.Queue(8)
        self._reply: asyncio.Task[None] | None = None

    # --- ports.Controls ---

    def press(self) -> None:
        self.done.append("press")
        self._silence()
        self.turn_id += 1
        self.show(LightState.LISTENING)

    def release(self) -> None:
        self.done.append("release")
        self.board.post(Heard(self.turn_id, "what time is it", final=True, engine="scripted"))
        self._replies.put_nowait("It is noon.")

    def ask(self, text: str) -> None:
        self.done.append(f"ask {text}")
        self._silence()
        self.turn_id += 1
        self.board.post(Heard(self.turn_id, text, final=True, engine="typed"))
        self._replies.put_nowait(f"You asked: {text}.")

    def stop(self) -> None:
        self.done.append("stop")
        self._silence()
        self.show(LightState.IDLE)

    # --- what a session does besides ---

    def show(self, state: LightState) -> None:
        self.light = LightChanged(state, leaving=False)
        self.board.post(self.light)

    async def run(self) -> None:
        """Answers one after the other, and collects what the microphone gives."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._collect())
            while True:
                text = await self._replies.get()
                self._reply = tasks.create_task(self._answer(text))

    async def _collect(self) -> None:
        async for frame in self._microphone.frames():
            self.frames.append(frame)

    async def _answer(self, text: str) -> None:
        self.show(LightState.THINKING)
        playback = self.speaker.begin(self.turn_id)
        try:
            self.board.post(Answering(self.turn_id, text, ANSWER))
            self.board.post(Moved(Gesture.WAVE))
            sound = tone(440, self.reply_s, 22_050)
            await playback.write(Audio(sound[:8192], 22_050))
            await playback.started()
            self.show(LightState.SPEAKING)
            await playback.write(Audio(sound[8192:], 22_050))
            await playback.drain()
        finally:
            self.played_s = playback.played_s
            engines = {"stt": "scripted", "tts": "tone"}
            stages_ms = {"transcript": 212.0, "routed": 214.5, "first_sound": 260.1, "first_audio": 305.7}
            record = {"turn_id": self.turn_id, "engines": engines, "stages_ms": stages_ms, "cut_off": False}
            self.board.post(TurnEnded(record))
        self.show(LightState.IDLE)

    def _silence(self) -> None:
        self.speaker.silence()
        if self._reply is not None:
            self._reply.cancel()


class Served:
    """A page server with a scripted session behind it."""

    def __init__(self, mode: Literal["hold", "toggle"] = "hold", port: int = 0) -> None:
        self.board = Board()
        self.microphone = PageMicrophone(time.monotonic)
        self.speaker = PageSpeaker(time.monotonic)
        self.session = ScriptedSession(self.board, self.microphone, self.speaker)
        self.panel = Panel(
            config.Panel(port=port),
            config.Talk(mode=mode),
            self.session,
            self.board,
            self.microphone,
            self.speaker,
            lambda: self.session.light,
        )
        self.url = ""

    @property
    def origin(self) -> Any:
        return self.url.rstrip("/")


@contextlib.asynccontextmanager
async def served(mode: Literal["hold", "toggle"] = "hold", port: int = 0) -> AsyncIterator[Served]:
    """Everything runs inside; ends with the block."""
    everything = Served(mode, port)
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(everything.panel.serve(), name="panel")
        session = tasks.create_task(everything.session.run(), name="session")
        everything.url = await everything.panel.url()
        try:
            yield everything
        finally:
            server.cancel()
            session.cancel()


async def reaches(so: Callable[[], bool], within_s: float = 5.0) -> None:
    """Wait until something is so that other tasks bring about; raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not so():  # noqa: ASYNC110 - what is waited for is a fake's state, without an event
            await asyncio.sleep(0.005)
