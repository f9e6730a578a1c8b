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
from typing import ParamSpec

import msgspec

from device import lived_time
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
from device.far_side import FarSide
from device.forgetting.erasure import Erasure
from device.forgetting.joined import Keepers, erasure, forget_on_time
from device.hw import talk_button
from device.hw.board import BoardWatch
from device.hw.robot import SimulatedRobot
from device.journal import Journal
from device.lived_time import LivedTime, keep_saved
from device.memory import remembered
from device.moment import Clocks
from device.notices import Board, Forgot
from device.panel import ports as panel_ports
from device.panel.server import Panel
from device.places import chosen_file, panel_directory, state_directory
from device.ports import (
    Brain,
    Button,
    Forgetting,
    Promises,
    Recall,
    Robot,
    Speaker,
    SpeechToText,
    System2,
    Timers,
    VoiceDetector,
)
from device.record import TurnRecord
from device.recordings import PART as RECORDINGS
from device.recordings import WARNING as RECORDING
from device.recordings import recorded, recording
from device.replies.joined import kept_replies
from device.replies.sounds import keep_ready
from device.session import Ears, Session
from device.start_screen import render
from device.timers_kept import KeptTimers
from device.turn import Answerers
from device.way_in import WayIn
from device.what_serves import what_serves

P = ParamSpec("P")


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
    promises: Promises | None = None
    forgetting: Forgetting | None = None
    recall: Recall | None = None
    recorded: Callable[[SpeechToText], SpeechToText] = lambda ears: ears
    """Ears whose utterances are kept, where a developer wants that."""


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
        promises=beyond.promises,
        forgetting=beyond.forgetting,
    )
    far = beyond.system_two
    stt = LinkedEars(far, engines.stt, lambda: session.use) if far else engines.stt
    session: Session = Session(
        settings,
        Ears(hub, detector, beyond.recorded(stt), sound.want, sound.echo_free),
        Answerers(brain, engines.gate, engines.tts, sound.speaker, engines.phrases, board, beyond.recall),
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
    state = state_directory(os.environ)
    lived = LivedTime(state / lived_time.FILE, time.time, time.monotonic)
    journal = Journal(settings.consent, board, lived.now)
    remembering = remembered(state, allowed=settings.consent.transcripts, lived=lived.now, fault=faults)
    async with (
        shining(settings.lights, board, faults),
        load_engines(settings, egress) as engines,
        remembering as conversation,
        kept_replies(settings, engines.tts.voice, state, lived.now) as replies,
        recording(state, settings.developer, lived.now) as recordings,
        open_sound(settings.sound, time.monotonic, faults) as sound,
    ):
        ears = None if sound.microphone else PageMicrophone(time.monotonic)
        voice = None if sound.speaker else PageSpeaker(time.monotonic)
        microphone, speaker = ears or sound.microphone, voice or sound.speaker
        assert microphone
        assert speaker
        says = timer_phrases(settings.language, name=settings.character.name)
        alarms = Alarms(KeptTimers(state), lambda ring: session.announce(ring), ids, says)
        far = FarSide(settings, egress, os.environ, state, Clocks(lived.now), lambda: session, faults, ids)
        keepers = Keepers(conversation, journal, lambda: session, alarms, replies, recordings, far)
        erasing = erasure(keepers, state, lived.now, lambda report: board.post(Forgot(report)))
        watch = BoardWatch()
        device = assemble(
            settings,
            engines,
            Sounding(speaker, microphone.want, echo_free(sound, state, settings.sound.loudest)),
            each(journal.write, far.ended, replies.learn),
            board,
            conversation,
            Beyond(
                timers=alarms,
                system_two=far.system_two,
                board_health=watch.health,
                promises=far.promises,
                forgetting=erasing,
                recall=replies,
                recorded=lambda stt: recorded(stt, recordings, settings.developer),
            ),
        )
        session = device.session
        session.announced = each(alarms.over, far.announced)
        session.stilled = alarms.dismiss
        faults.go_to(session.fault)
        if settings.developer.keep_audio:
            session.fault(RECORDINGS, RECORDING)
        if sound.speaker:
            session.latch.reaches(sound.speaker.silence)
        buttons = Buttons(session, settings.talk.longest_s, engines.phrases, ids)
        joined = Joined(
            session, buttons.make(talk_button.PAGE), board, journal, conversation, egress, erasing
        )
        panel = Panel(settings.panel, page_of(settings, joined, ears, voice), panel_directory(os.environ))
        async with (
            far.kept(),
            embodied(settings, session, device.robot, device.hub, microphone, buttons, egress),
            asyncio.TaskGroup() as group,
        ):
            group.create_task(panel.serve(), name="page")
            group.create_task(alarms.run(), name="timers")
            group.create_task(device.brain.prepare(conversation.history), name="get ready")
            group.create_task(engines.tts.render_missing(lambda: session.idle), name="fixed sentences")
            group.create_task(keep_ready(replies, engines.tts, lambda: session.idle), name="kept replies")
            group.create_task(watch.run(), name="heat and battery")
            group.create_task(far.run(), name="System 2")
            forgetting = forget_on_time(settings, keepers, erasing, state, lived.now)
            group.create_task(forgetting, name="forgetting")
            group.create_task(keep_saved(lived), name="lived time")
            parts = what_serves(settings, engines, device.detector, sound, session.faults)
            await panel.url()
            print(render(parts, panel.shown(to_a_person=sys.stdout.isatty())), flush=True)


def each(*told: Callable[P, None]) -> Callable[P, None]:
    """One call for several who are told the same, in this order."""

    def tell(*args: P.args, **kwargs: P.kwargs) -> None:
        for call in told:
            call(*args, **kwargs)

    return tell


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
    erasing: Erasure


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
    hands = panel_ports.Hands(session, to.button, session, choices, to.erasing.wish)
    return panel_ports.Device(hands, sights, to.board, WayIn(to.egress), ears, voice)
