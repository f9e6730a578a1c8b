"""Thin mode: the composition root of a device without engines of its own.

It listens, sounds, shines, and says what it has to say word for word; understanding and answering are left
to System 2. No engine, no sentence template and no page is ever loaded, which is what keeps it small.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import time

from device.audio.frames import FrameHub
from device.audio.open_sound import PAGE, OpenSound, open_sound
from device.audio.vad import WebrtcDetector
from device.body import Buttons, Faults, embodied, shining
from device.brain.no_engines import NoMind, NoStt
from device.brain.only_system_two import FarEars, FarMind
from device.brain.packs import phrases
from device.brain.safety.gate import load_gate
from device.brain.tts_espeak import EspeakVoice
from device.config import Settings
from device.conversation import Conversation
from device.egress import Egress, install_guard
from device.errors import SettingsError
from device.hw.robot import SimulatedRobot
from device.journal import Journal
from device.link.link import Calls
from device.linked import link_or_why, telling
from device.notices import Board
from device.ports import Brain, SpeechToText
from device.session import Ears, Session
from device.supervise import supervise
from device.system2_shown import LINK, by_fault, told_in_thin_mode
from device.turn import Answerers

READY = "twominds is ready, in thin mode."


async def serve_thin(settings: Settings) -> None:
    """Run until the process is told to end. Raises SettingsError, EngineMissing."""
    if PAGE in (settings.sound.microphone, settings.sound.speaker):
        raise SettingsError("Thin mode has no page: sound.microphone and sound.speaker name a sound card.")
    egress = Egress()
    install_guard(egress)
    board, faults = Board(), Faults()
    async with (
        shining(settings.lights, board, faults),
        open_sound(settings.sound, time.monotonic, faults, page=False) as sound,
    ):
        await _serve_on(settings, sound, board, faults, egress)


async def _serve_on(
    settings: Settings, sound: OpenSound, board: Board, faults: Faults, egress: Egress
) -> None:
    microphone, speaker = sound.microphone, sound.speaker
    assert microphone
    assert speaker
    hub, robot, says = FrameHub(), SimulatedRobot(), phrases(settings.language, name=settings.character.name)
    for_adults = settings.character.safety == "adult"
    gate = load_gate(settings.language, settings.country, for_adults=for_adults)
    calls = Calls(halt=lambda: session.stop(), changed=lambda health: session.linked(health))
    link = link_or_why(settings, egress, os.environ, calls, faults, answers_at_once=True)
    stt: SpeechToText = FarEars(link, lambda: session.use) if link else NoStt()
    mind: Brain = FarMind(link, lambda: session.use, settings.deadlines) if link else NoMind()
    session: Session = Session(
        settings,
        Ears(hub, WebrtcDetector(), stt, microphone.want),
        Answerers(mind, gate, EspeakVoice(settings.voice), speaker, says, board),
        robot,
        telling(link, Journal(settings.consent, board).write),
        time.monotonic,
        Conversation(),
    )
    faults.go_to(session.fault)
    session.latch.reaches(speaker.silence)
    buttons = Buttons(session, settings.talk.longest_s, says, itertools.count(1))
    async with embodied(settings, session, robot, hub, microphone, buttons, egress):
        parts = {"microphone": microphone.name, "speaker": speaker.name, **session.faults}
        served = (f"{part}: {served_by}" for part, served_by in parts.items())
        print(*served, *told_in_thin_mode(settings, by_fault(session.faults)), READY, sep="\n", flush=True)
        if link:
            await supervise(LINK, link.run, session.fault)
        await asyncio.Event().wait()
