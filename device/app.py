"""The composition root: where rooms and simulators are named and joined with the engines."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from device.alarms import Alarms
from device.audio.frames import FrameHub
from device.audio.open_sound import OpenSound, open_sound
from device.audio.page_microphone import PageMicrophone
from device.audio.page_speaker import PageSpeaker
from device.audio.vad import best_detector
from device.body import Buttons, Faults, embodied, shining
from device.brain.linked_ears import LinkedEars
from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.packs import timer_phrases
from device.brain.persona import system_prompt
from device.brain.system_one import SystemOne
from device.chosen import Chosen
from device.config import Settings
from device.contracts import BoardHealth, Gesture
from device.conversation import Conversation
from device.echo_proof import proven
from device.egress import Egress, install_guard
from device.engines import Engines, load_engines
from device.hw import talk_button
from device.hw.board import BoardWatch
from device.hw.robot import SimulatedRobot
from device.journal import Journal
from device.link.link import Calls
from device.linked import link_or_why, telling
from device.memory import remembered
from device.notices import Board
from device.panel import ports as panel_ports
from device.panel.server import Panel
from device.places import chosen_file, panel_directory, state_directory
from device.ports import Brain, Button, Robot, Speaker, System2, Timers, VoiceDetector
from device.record import TurnRecord
from device.session import Ears, Session
from device.start_screen import render
from device.supervise import supervise
from device.system2_shown import LINK
from device.timers_kept import KeptTimers
from device.turn import Answerers
from device.way_in import WayIn
from device.what_serves import what_serves


@dataclass(frozen=True, slots=True)
class Device:
    """A session and what it is joined to."""

    session: Session
    hub: FrameHub
    brain: Brain
    detector: VoiceDetector
    robot: Robot


@dataclass(frozen=True, slots=True)
class Sounding:
    """How the session sounds, and how it is heard."""

    speaker: Speaker
    want: Callable[[bool], None] = lambda wanted: None
    """Opens the microphone, or closes it."""
    echo_free: Callable[[], bool] = lambda: False
    """See `session.Ears`."""


@dataclass(frozen=True, slots=True)
class Beyond:
    """What the mind has beyond its engines; a rehearsal does without."""

    timers: Timers | None = None
    system_two: System2 | None = None
    board_health: Callable[[], BoardHealth] = BoardHealth


ALONE = Beyond()


def assemble(
    settings: Settings,
    engines: Engines,
    sound: Sounding,
    ended: Callable[[TurnRecord], None],
    board: Board,
    conversation: Conversation,
    beyond: Beyond = ALONE,
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
        minds=Minds(
            system_one(settings, engines, robot.gestures),
            beyond.system_two,
            use=lambda: session.use,
            races=settings.system2.race,
            consent=settings.consent,
            deadlines=settings.deadlines,
            board=beyond.board_health,
            gate=engines.gate,
        ),
        timers=beyond.timers,
    )
    far = beyond.system_two
    stt = LinkedEars(far, engines.stt, lambda: session.use) if far else engines.stt
    session: Session = Session(
        settings,
        Ears(hub, detector, stt, sound.want, sound.echo_free),
        Answerers(brain, engines.gate, engines.tts, sound.speaker, engines.phrases, board),
        robot,
        ended,
        time.monotonic,
        conversation,
    )
    return Device(session, hub, brain, detector, robot)


def system_one(settings: Settings, engines: Engines, gestures: Iterable[Gesture]) -> SystemOne | None:
    """The language model as the character that the settings describe."""
    if engines.model is None:
        return None
    persona = system_prompt(settings.character, settings.language, gestures)
    return SystemOne(engines.model, persona, local_time)


def local_time() -> datetime:
    """Aware, in this machine's zone."""
    return datetime.now().astimezone()


# --- the agent -----------------------------------------------------------------------------------


async def serve(settings: Settings) -> None:
    """Run until the process is told to end. Raises SettingsError, EngineMissing."""
    egress = Egress()
    install_guard(egress)
    board, faults, ids = Board(), Faults(), itertools.count(1)
    journal = Journal(settings.consent, board)
    state = state_directory(os.environ)
    remembering = remembered(state, allowed=settings.consent.transcripts)
    async with (
        shining(settings.lights, board, faults),
        load_engines(settings, egress) as engines,
        remembering as conversation,
        open_sound(settings.sound, time.monotonic, faults) as sound,
    ):
        ears = None if sound.microphone else PageMicrophone(time.monotonic)
        voice = None if sound.speaker else PageSpeaker(time.monotonic)
        microphone, speaker = ears or sound.microphone, voice or sound.speaker
        assert microphone
        assert speaker
        says = timer_phrases(settings.language, name=settings.character.name)
        alarms = Alarms(KeptTimers(state), lambda ring: session.announce(ring), ids, says)
        sounding = Sounding(speaker, microphone.want, echo_free(sound, state, settings.sound.loudest))
        calls = Calls(halt=lambda: session.stop(), changed=lambda health: session.linked(health))
        link = link_or_why(settings, egress, os.environ, calls, faults)
        ended, watch = telling(link, journal.write), BoardWatch()
        beyond = Beyond(alarms, link, watch.health)
        device = assemble(settings, engines, sounding, ended, board, conversation, beyond)
        session = device.session
        session.announced, session.stilled = alarms.over, alarms.dismiss
        faults.go_to(session.fault)
        if sound.speaker:
            session.latch.reaches(sound.speaker.silence)
        buttons = Buttons(session, settings.talk.longest_s, engines.phrases, ids)
        joined = Joined(session, buttons.make(talk_button.PAGE), board, journal, conversation, egress)
        panel = Panel(settings.panel, page_of(settings, joined, ears, voice), panel_directory(os.environ))
        async with (
            embodied(settings, session, device.robot, device.hub, microphone, buttons, egress),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(panel.serve(), name="page")
            group.create_task(alarms.run(), name="timers")
            group.create_task(device.brain.prepare(conversation.history), name="get ready")
            group.create_task(engines.tts.render_missing(lambda: session.idle), name="fixed sentences")
            group.create_task(watch.run(), name="heat and battery")
            if link:
                group.create_task(supervise(LINK, link.run, session.fault), name="link")
            parts = what_serves(settings, engines, device.detector, sound, session.faults)
            await panel.url()
            print(render(parts, panel.shown(to_a_person=sys.stdout.isatty())), flush=True)


def echo_free(sound: OpenSound, state: Path, loudest: int) -> Callable[[], bool]:
    """The proof is read once; it holds while the sound server cancels the echo of what it was made on."""
    masters = sound.masters
    if masters is None or not proven(state, *masters, loudest):
        return lambda: False
    return lambda: sound.masters == masters


@dataclass(frozen=True, slots=True)
class Joined:
    """What the page is joined to."""

    session: Session
    button: Button
    board: Board
    journal: Journal
    conversation: Conversation
    egress: Egress


def page_of(
    settings: Settings, to: Joined, ears: PageMicrophone | None, voice: PageSpeaker | None
) -> panel_ports.Device:
    """Without `ears` or `voice` the device has its own, and the page is a remote control."""
    session = to.session
    sights = panel_ports.Sights(
        settings.character.name,
        settings.talk,
        settings.sound.loudest,
        msgspec.structs.asdict(settings.lights.looks),
        light=lambda: session.light,
        standing=lambda: session.standing,
        history=lambda: to.conversation.history,
        turns=lambda: to.journal.turns,
    )
    choices = Chosen(settings, session, chosen_file(os.environ))
    hands = panel_ports.Hands(session, to.button, session, choices)
    return panel_ports.Device(hands, sights, to.board, WayIn(to.egress), ears, voice)
