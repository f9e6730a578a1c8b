"""The composition root: where rooms and simulators are named and joined with the engines."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from device.audio.frames import FrameHub
from device.audio.page_microphone import PageMicrophone
from device.audio.page_speaker import PageSpeaker
from device.audio.vad import best_detector
from device.brain.onboard import OnboardBrain
from device.brain.persona import system_prompt
from device.brain.system_one import SystemOne
from device.chosen import Chosen
from device.config import Settings
from device.contracts import Gesture
from device.conversation import Conversation
from device.egress import LEAVING_S, Egress, install_guard
from device.engines import Engines, load_engines
from device.hw.robot import SimulatedRobot
from device.journal import Journal
from device.memory import remembered
from device.notices import Board
from device.panel import ports as panel_ports
from device.panel.server import Panel
from device.places import chosen_file, panel_directory, state_directory
from device.ports import Brain, Microphone, Speaker, VoiceDetector
from device.record import TurnRecord
from device.session import Ears, Session
from device.start_screen import Part, PartState, render
from device.turn import Answerers
from device.way_in import WayIn


@dataclass(frozen=True, slots=True)
class Device:
    """A session and what it is joined to."""

    session: Session
    hub: FrameHub
    brain: Brain
    detector: VoiceDetector


def assemble(
    settings: Settings,
    engines: Engines,
    speaker: Speaker,
    ended: Callable[[TurnRecord], None],
    board: Board,
    conversation: Conversation,
) -> Device:
    """A session of its own, with a brain and a conversation of its own, around engines that may be shared."""
    robot = SimulatedRobot()
    hub = FrameHub()
    detector = best_detector(settings.engines.vad)
    brain = OnboardBrain(
        recogniser=engines.recogniser,
        language=settings.language,
        now=local_time,
        monotonic=time.monotonic,
        rng=random.Random(),
        gestures=robot.gestures,
        volume=lambda: session.volume,
        name=settings.character.name,
        system_one=system_one(settings, engines, robot.gestures),
    )
    session: Session = Session(
        settings,
        Ears(hub, detector, engines.stt),
        Answerers(brain, engines.gate, engines.tts, speaker, engines.phrases, board),
        robot,
        ended,
        time.monotonic,
        conversation,
    )
    return Device(session, hub, brain, detector)


def system_one(settings: Settings, engines: Engines, gestures: Iterable[Gesture]) -> SystemOne | None:
    """The language model as the character that the settings describe."""
    if engines.model is None:
        return None
    persona = system_prompt(settings.character, settings.language, gestures)
    return SystemOne(engines.model, persona, local_time)


def local_time() -> datetime:
    """Aware, in this machine's zone."""
    return datetime.now().astimezone()


async def feed(microphone: Microphone, hub: FrameHub) -> None:
    """Every frame of the microphone into the hub, as long as there are any."""
    async for frame in microphone.frames():
        hub.push(frame)


# --- the agent -----------------------------------------------------------------------------------


async def serve(settings: Settings) -> None:
    """Run until the process is told to end. Raises SettingsError, EngineMissing."""
    _end_on_sigterm()
    egress = Egress()
    install_guard(egress)
    board = Board()
    journal = Journal(settings.consent, board)
    microphone, speaker = PageMicrophone(time.monotonic), PageSpeaker(time.monotonic)
    remembering = remembered(state_directory(os.environ), allowed=settings.consent.transcripts)
    async with load_engines(settings, egress) as engines, remembering as conversation:
        device = assemble(settings, engines, speaker, journal.write, board, conversation)
        session = device.session
        page = page_of(settings, session, board, journal, conversation, egress, microphone, speaker)
        panel = Panel(settings.panel, page, panel_directory(os.environ))
        async with asyncio.TaskGroup() as group:
            group.create_task(session.run(), name="session")
            group.create_task(feed(microphone, device.hub), name="microphone")
            group.create_task(panel.serve(), name="page")
            group.create_task(show_leaving(egress, session), name="egress light")
            group.create_task(device.brain.prepare(conversation.history), name="get ready")
            group.create_task(engines.tts.render_missing(lambda: session.idle), name="fixed sentences")
            parts = what_serves(device, engines)
            await panel.url()
            print(render(parts, panel.shown()), flush=True)


def page_of(
    settings: Settings,
    session: Session,
    board: Board,
    journal: Journal,
    conversation: Conversation,
    egress: Egress,
    ears: PageMicrophone | None,
    voice: PageSpeaker | None,
) -> panel_ports.Device:
    """What the page is joined to; without `ears` or `voice` the device has its own."""
    choices = Chosen(settings, session, chosen_file(os.environ))
    sights = panel_ports.Sights(
        settings.character.name,
        settings.talk,
        settings.sound.loudest,
        msgspec.structs.asdict(settings.lights.looks),
        light=lambda: session.light,
        standing=lambda: session.standing,
        history=lambda: conversation.history,
        turns=lambda: journal.turns,
    )
    hands = panel_ports.Hands(session, session, session, choices)
    return panel_ports.Device(hands, sights, board, WayIn(egress), ears, voice)


async def show_leaving(egress: Egress, session: Session) -> None:
    """The light's "content is leaving", on when bytes are counted, off when they have stopped."""
    loop = asyncio.get_running_loop()
    left = asyncio.Event()

    def tell() -> None:
        loop.call_soon_threadsafe(left.set)

    egress.observe(tell)
    while True:
        await left.wait()
        session.content_is_leaving(True)
        while left.is_set():
            left.clear()
            await asyncio.sleep(LEAVING_S)
        session.content_is_leaving(False)


def _end_on_sigterm() -> None:
    """As a service manager asks for it: everything is closed in order, as with Ctrl-C."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def what_serves(device: Device, engines: Engines) -> tuple[Part, ...]:
    """Every part of the device, for the start screen."""
    real, simulated, absent = PartState
    silero = "" if "Silero" in device.detector.name else "confirmed by Silero after: make silero"
    later = "a real one: not in this release"
    return (
        Part("microphone", real, "the browser's, through the page"),
        Part("speaker", real, "the browser's, through the page"),
        Part("button", simulated, "on the page: hold it, or the space bar", later),
        Part("light", simulated, "on the page", later),
        Part("robot", simulated, "drawn on the page", later),
        Part("voice detection", real, device.detector.name, silero),
        Part("speech to text", real, engines.serving["stt"], _better(engines, "stt", "free speech")),
        Part("answers", real, "skills and packs of replies"),
        _system_1(engines),
        Part("System 2 (cloud)", absent, f"no link in this release{_promise(engines)}"),
        Part("text to speech", real, engines.serving["tts"], _better(engines, "tts", "a natural voice")),
        Part("safety gate", real, "rules"),
    )


def _promise(engines: Engines) -> str:
    """Made only while it holds: a language model's server may be another machine."""
    return "" if _asks_a_server(engines) else ": nothing leaves this machine"


def _asks_a_server(engines: Engines) -> bool:
    return engines.serving["llm"].startswith("server")


def _system_1(engines: Engines) -> Part:
    name = "System 1 (a server)" if _asks_a_server(engines) else "System 1 (on board)"
    better = _better(engines, "llm", "a language model")
    if engines.model is None:
        return Part(name, PartState.ABSENT, "no language model: what no skill serves stays open", better)
    return Part(name, PartState.REAL, engines.serving["llm"], better)


def _better(engines: Engines, stage: str, what: str) -> str:
    """Why no better engine serves, or what would bring one."""
    untold = f"{what} after: make voice" if stage in engines.more_to_install else ""
    return next(iter(engines.missed[stage]), untold)
