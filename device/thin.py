"""Thin mode: the composition root of a device without engines of its own.

It listens, sounds, shines, and says what it has to say word for word; understanding and answering are left
to System 2. No engine, no sentence template and no page is ever loaded, which is what keeps it small.
"""

from __future__ import annotations

import asyncio
import time

from device.audio.frames import FrameHub
from device.audio.vad import WebrtcDetector
from device.body import embodied
from device.brain.no_engines import NoMind, NoStt
from device.brain.packs import phrases
from device.brain.safety.gate import load_gate
from device.brain.tts_espeak import EspeakVoice
from device.config import Settings
from device.conversation import Conversation
from device.egress import Egress, install_guard
from device.hw.robot import SimulatedRobot
from device.journal import Journal
from device.notices import Board
from device.session import Ears, Session
from device.turn import Answerers
