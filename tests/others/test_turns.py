"""Whole turns of the device with FastRTC and Pipecat themselves as its System 2."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import pytest

from bench.far_away import brain_of
from device.audio.frames import FrameHub, Framer
from device.audio.resample import at_rate
from device.audio.simulated import SimulatedSpeaker
from device.audio.vad import WebrtcDetector
from device.brain.linked_ears import LinkedEars
from device.brain.only_system_two import FarEars, FarMind
from device.config import Character, Consent, Deadlines, Settings, System2
from device.contracts import FRAME_MS, RATE_HZ, Audio, Frame, Mind
from device.conversation import Conversation
from device.egress import Egress
from device.link.link import Calls, Link
from device.linked import link_for, telling
from device.notices import Board
from device.ports import Brain, SpeechToText
from device.record import TurnRecord
from device.session import Ears, Session
from device.turn import Answerers
from tests.fakes import FakeGate, FakeRobot, FakeStt, FakeVoice, stock

from .driver import eventually, likeness

pytestmark = pytest.mark.others

PATIENT = Deadlines(system2_words_s=8.0)
"""On a machine that is busy with their servers, too."""


class Device:
    """Speaks into a session's microphone as fast as a person does."""

    def __init__(self, link: Link, stt: SpeechToText, brain: Brain) -> None:
        self.hub, self.speaker = FrameHub(), SimulatedSpeaker()
        self.ended: asyncio.Queue[TurnRecord] = asyncio.Queue()
        self.session = Session(
            Settings(),
            Ears(self.hub, WebrtcDetector(), stt),
            Answerers(brain, FakeGate(), FakeVoice(), self.speaker, stock, Board()),
            FakeRobot(),
            telling(link, self.ended.put_nowait),
            time.monotonic,
            Conversation(),
        )

    async def turn(self, question: Audio) -> tuple[TurnRecord, Audio]:
        """Its record, and what sounded."""
        self.session.press()
        for frame in Framer().cut(question.pcm, 0.0):
            self.hub.push(Frame(frame.pcm, time.monotonic()))
            await asyncio.sleep(FRAME_MS / 1000)
        self.session.release()
        record = await self.ended.get()
        return record, at_rate(self.speaker.sound(), RATE_HZ)


@asynccontextmanager
async def linked(
    dialect: Literal["fastrtc", "twilio"], request: pytest.FixtureRequest, state: Path, *, thin: bool = False
) -> AsyncIterator[Link]:
    """A link that is up."""
    server = request.getfixturevalue("fastrtc" if dialect == "fastrtc" else "pipecat")
    url = f"ws://{server}/linked/websocket/offer" if dialect == "fastrtc" else f"ws://{server}/call"
    settings = Settings(
        system2=System2(url=url, dialect=dialect, voice="theirs"),
        character=Character(safety="adult"),
        consent=Consent(audio_stream=True),
    )
    calls = Calls(halt=lambda: None, changed=lambda health: None)
    link = link_for(settings, Egress(), {"STATE_DIRECTORY": str(state)}, calls, answers_at_once=thin)
    assert link is not None
    async with asyncio.TaskGroup() as group:
        running = group.create_task(link.run())
        await eventually(lambda: link.health.hears)
        yield link
        running.cancel()


@asynccontextmanager
async def awake(device: Device) -> AsyncIterator[Device]:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(device.session.run())
        yield device
        running.cancel()


def full(link: Link, ears: FakeStt) -> Device:
    return Device(link, LinkedEars(link, ears, lambda: "auto"), brain_of(link, PATIENT))


DIALECTS = pytest.mark.parametrize("dialect", ["fastrtc", "twilio"])


@DIALECTS
def test_it_answers_what_it_heard_where_our_words_route_there_and_only_then(
    dialect: Literal["fastrtc", "twilio"],
    question: Audio,
    state_directory: Path,
    request: pytest.FixtureRequest,
) -> None:
    """It says again what it heard. In the turn between it does so unasked, and nobody hears it."""

    async def story() -> None:
        ears = FakeStt("who painted the mona lisa")
        async with linked(dialect, request, state_directory) as link, awake(full(link, ears)) as device:
            first, answer = await device.turn(question)
            assert first.route is not None
            assert (first.route.mind, first.error) == (Mind.SYSTEM_2, ""), first.falls
            ears.hears = "what time is it"
            skill, said = await device.turn(question)
            assert skill.route is not None
            assert skill.route.mind is Mind.SKILL
            assert likeness(question, said) < 0.3
            assert said.duration_s == pytest.approx(0.1 * len(skill.spoken.split()), abs=0.01)
            ears.hears = "who painted the mona lisa"
            _, again = await device.turn(question)
            assert all(1.5 < one.duration_s < question.duration_s for one in (answer, again))
            assert max(likeness(question, one) for one in (answer, again)) > 0.9

    asyncio.run(story())


@DIALECTS
def test_in_thin_mode_it_answers_though_nobody_knows_the_words(
    dialect: Literal["fastrtc", "twilio"],
    question: Audio,
    state_directory: Path,
    request: pytest.FixtureRequest,
) -> None:
    async def story() -> None:
        async with linked(dialect, request, state_directory, thin=True) as link:
            mind = FarMind(link, lambda: "auto", Deadlines())
            async with awake(Device(link, FarEars(link, lambda: "auto"), mind)) as device:
                turns = [await device.turn(question) for _ in range(2)]
                assert [record.error for record, _ in turns] == ["", ""]
                assert all(1.5 < answer.duration_s < question.duration_s for _, answer in turns)
                assert max(likeness(question, answer) for _, answer in turns) > 0.9

    asyncio.run(story())


@DIALECTS
def test_a_person_who_lets_the_button_go_late_is_answered_all_the_same(
    dialect: Literal["fastrtc", "twilio"],
    question: Audio,
    state_directory: Path,
    request: pytest.FixtureRequest,
) -> None:
    """The server takes the pause for the end, and has begun to answer before it."""
    late = Audio(question.pcm + bytes(2 * RATE_HZ), RATE_HZ)

    async def story() -> None:
        async with linked(dialect, request, state_directory, thin=True) as link:
            mind = FarMind(link, lambda: "auto", Deadlines())
            async with awake(Device(link, FarEars(link, lambda: "auto"), mind)) as device:
                record, answer = await device.turn(late)
                assert record.error == ""
                assert 1.5 < answer.duration_s < question.duration_s
                assert likeness(question, answer) > 0.7

    asyncio.run(story())
