"""A stand-in for the session and a running page server, for tests of the page."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from device import config
from device.audio.page_microphone import PageMicrophone
from device.audio.page_speaker import PageSpeaker
from device.chosen import Chosen
from device.config import Settings, Talk, Use
from device.contracts import Audio, Frame, Gesture, Line, Mind, Route
from device.egress import Egress
from device.notices import (
    Answering,
    Board,
    Heard,
    LightChanged,
    LightState,
    Moved,
    Standing,
    System2Standing,
    TurnEnded,
)
from device.panel.own_names import OwnNames
from device.panel.ports import Device, Hands, Sights
from device.panel.server import Panel, Place
from device.places import chosen_file, panel_directory
from device.way_in import WayIn
from tests.tones import tone

Mode = Literal["hold", "toggle"]
NAMES = OwnNames(("robot.local",), ("127.0.0.1",))
"""The local network of tests never leaves this machine."""

ANSWER = Route(Mind.SKILL, "the sentence for time fits")


GATEWAY = System2Standing(
    host="gateway.example",
    port=443,
    local=False,
    use="auto",
    up=True,
    why="",
    round_trip_ms=40,
    first_words_s=0.8,
    hears=False,
    sound_agreed=False,
)


class ScriptedSession:
    """Writes down what was done, listens while pressed, answers with a tone.

    Implements `ports.Controls`, `ports.Button`, `ports.Switches` and what choices change.
    """

    def __init__(self, board: Board, microphone: PageMicrophone, speaker: PageSpeaker, mode: Mode) -> None:
        self.board = board
        self.standing = Standing(False, False, True, 80, mode)
        self.talk = Talk(mode=mode)
        self.uses: Use = "auto"
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
        if self._toggles and self.light.state is LightState.LISTENING:
            self._hear()
            return
        self._silence()
        self.turn_id += 1
        self.show(LightState.LISTENING)

    def release(self) -> None:
        self.done.append("release")
        if not self._toggles:
            self._hear()

    @property
    def _toggles(self) -> bool:
        return self.standing.mode == "toggle"

    def _hear(self) -> None:
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

    # --- ports.Switches, and what choices change ---

    def mute(self, muted: bool) -> None:
        self.done.append("mute" if muted else "unmute")
        self.stand(muted=muted)
        self.show(LightState.MUTED if muted else LightState.IDLE)

    def repeat(self) -> None:
        self.done.append("repeat")
        self._replies.put_nowait("Once more.")

    def set_up(self, on: bool) -> None:
        self.done.append("set up")

    def forget(self, last_s: float | None) -> None:
        self.done.append(f"forget {last_s}")

    @property
    def volume(self) -> int:
        return self.standing.volume

    def set_volume(self, percent: int) -> None:
        self.stand(volume=percent)

    def set_talk(self, talk: Talk) -> None:
        self.talk = talk
        self.stand(mode=talk.mode)

    @property
    def use(self) -> Use:
        return self.uses

    def set_use(self, use: Use) -> None:
        self.uses = use
        if self.standing.system2:
            self.stand(system2=replace(self.standing.system2, use=use))

    # --- what a session does besides ---

    def stand(self, **changes: Any) -> None:
        self.standing = replace(self.standing, **changes)
        self.board.post(self.standing)

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
            self.board.post(TurnEnded(record(self.turn_id)))
        self.show(LightState.IDLE)

    def _silence(self) -> None:
        self.speaker.silence()
        if self._reply is not None:
            self._reply.cancel()


def record(turn_id: int) -> dict[str, Any]:
    """A turn's, as the journal keeps it without consent to words."""
    return {
        "turn_id": turn_id,
        "kind": "spoken",
        "started_utc": "2025-05-04T10:20:30+00:00",
        "asked": "skill",
        "rival": None,
        "opens": False,
        "falls": [],
        "route": "skill",
        "reason": ANSWER.reason,
        "stages_ms": {
            "pressed": -1500.0,
            "released": 0.0,
            "captured": 40.0,
            "transcript": 212.0,
            "routed": 214.5,
            "first_words": 214.9,
            "first_clause": 215.1,
            "first_sound": 260.1,
            "first_audio": 305.7,
        },
        "spoken_s": 0.6,
        "engines": {"stt": "scripted", "tts": "tone"},
        "gate": None,
        "error": None,
        "cut_off": False,
        "frames_dropped": 0,
    }


class Served:
    """A page server with a scripted session behind it.

    What it keeps lies in the state directory, which is each test's own. `own_sound`: the device has a
    microphone and a speaker of its own. `network`: by TLS, too, on loopback.
    """

    def __init__(
        self,
        mode: Mode = "hold",
        port: int = 0,
        *,
        own_sound: bool = False,
        network: bool = False,
        network_port: int = 0,
        place: Place | None = None,
    ) -> None:
        self.board = Board()
        self.egress = Egress()
        self.microphone = PageMicrophone(time.monotonic)
        self.speaker = PageSpeaker(time.monotonic)
        self.session = ScriptedSession(self.board, self.microphone, self.speaker, mode)
        self.lines: list[Line] = []
        self.turns: list[Mapping[str, Any]] = []
        self.chosen = chosen_file(os.environ)
        settings = Settings(talk=Talk(mode=mode))
        session = self.session
        self.device = Device(
            Hands(session, session, session, Chosen(settings, session, self.chosen), session.forget),
            Sights(
                "Robot",
                settings.talk,
                settings.sound.loudest,
                {state.value: getattr(settings.lights.looks, state.value) for state in LightState},
                lambda: session.light,
                lambda: session.standing,
                lambda: self.lines,
                lambda: self.turns,
            ),
            self.board,
            WayIn(self.egress),
            None if own_sound else self.microphone,
            None if own_sound else self.speaker,
        )
        serving = config.Panel(port=port, network=network, network_port=network_port)
        self.panel = Panel(
            serving, self.device, panel_directory(os.environ), place or Place("127.0.0.1", lambda: NAMES)
        )
        self.own_sound = own_sound
        self.address = ""
        """Without the token."""
        self.url = ""
        """With it."""

    @property
    def origin(self) -> Any:
        return self.address.rstrip("/")

    @property
    def token(self) -> str:
        return self.url.partition("#token=")[2]


@contextlib.asynccontextmanager
async def served(mode: Mode = "hold", port: int = 0, **options: Any) -> AsyncIterator[Served]:
    """Everything runs inside; ends with the block. `options` as for `Served`."""
    everything = Served(mode, port, **options)
    async with asyncio.TaskGroup() as tasks:
        server = tasks.create_task(everything.panel.serve(), name="panel")
        session = tasks.create_task(everything.session.run(), name="session")
        everything.url = await everything.panel.url()
        everything.address = everything.url.partition("#")[0]
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
