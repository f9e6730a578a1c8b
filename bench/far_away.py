"""What asking System 2 costs in time, over a network that is near or far."""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from bench.rig import rig
from device.app import local_time
from device.brain.minds import Minds
from device.brain.onboard import OnboardBrain
from device.brain.recogniser import Recogniser
from device.config import Deadlines, Settings, System2
from device.egress import Egress
from device.link.link import Calls, Link
from device.linked import link_for
from tests.device.link.bad_network import Trouble, network
from tests.fakes import FakeStt, FakeVoice
from tests.gateway.process import running_gateway

ADDED_MS = (0, 50, 200, 500)
TURNS = 12
UP_WITHIN_S = 20.0
PATIENT = Deadlines(system2_words_s=5)
STT_S, TTS_S, POST_ROLL_S = 0.10, 0.05, 0.2
WORD_MS = 20
QUESTION = "why is the sky blue"


async def far_away() -> list[Figure]:
    """Turns that System 2 answers, with so much round trip added."""
    figures: list[Figure] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        running_gateway(
            Path(folder), scripted__word_ms=WORD_MS, limits__questions_per_minute=1000
        ) as gateway,
    ):
        port = int(gateway.host.rpartition(":")[2])
        for added_ms in ADDED_MS:
            escalated_ms, audio_ms = await _turns(port, added_ms, Path(folder))
            figures += _figures(added_ms, escalated_ms, audio_ms)
    return figures


def _figures(added_ms: int, escalated_ms: list[float], audio_ms: list[float]) -> list[Figure]:
    method = (
        f"median of {TURNS} turns through the real link to the gateway (scripted, {WORD_MS} ms a word) by a "
        f"proxy that adds {added_ms} ms of round trip"
    )
    engines = (
        f"the same turns; STT {STT_S * 1000:.0f} ms and TTS {TTS_S * 1000:.0f} ms as sleeps, "
        f"post-roll {POST_ROLL_S * 1000:.0f} ms"
    )
    escalated, audio = statistics.median(escalated_ms), statistics.median(audio_ms)
    return [
        Figure(f"escalation, +{added_ms} ms: route to first words", escalated, "ms", None, method),
        Figure(f"release to first audio by System 2, +{added_ms} ms", audio, "ms", None, engines),
    ]


async def _turns(port: int, added_ms: int, folder: Path) -> tuple[list[float], list[float]]:
    escalated_ms, audio_ms = [], []
    async with network(port, Trouble(delay_s=added_ms / 2000)) as near, asyncio.TaskGroup() as group:
        link = _link(near, folder)
        running = group.create_task(link.run())
        await _up(link)
        stt, voice = FakeStt(hears=QUESTION, takes_s=STT_S), FakeVoice(TTS_S)
        async with rig(stt, brain_of(link, PATIENT), voice, silent=True) as device:
            for _ in range(TURNS):
                record = await device.turn(0.4)
                assert record.route is not None
                assert record.route.mind.value == "system_2", record.falls
                stages = record.stages_ms
                escalated_ms.append(stages["first_words"] - stages["routed"])
                audio_ms.append(stages["first_audio"])
        running.cancel()
    return escalated_ms, audio_ms


def _link(port: int, folder: Path) -> Link:
    settings = Settings(system2=System2(url=f"ws://127.0.0.1:{port}/v1/device"))
    env = {**os.environ, "STATE_DIRECTORY": str(folder / "device")}
    link = link_for(settings, Egress(), env, Calls(lambda: None, lambda health: None))
    assert link is not None
    return link


async def _up(link: Link) -> None:
    async with asyncio.timeout(UP_WITHIN_S):
        while not link.health.up:  # noqa: ASYNC110 - what is waited for happens at the other end
            await asyncio.sleep(0.01)


def brain_of(link: Link, deadlines: Deadlines) -> OnboardBrain:
    """Skills, and for everything else System 2 alone."""
    return OnboardBrain(
        recogniser=Recogniser("en"),
        language="en",
        now=local_time,
        monotonic=time.monotonic,
        rng=random.Random(1),
        gestures=(),
        volume=lambda: 80,
        name="Robot",
        minds=Minds(None, link, deadlines=deadlines),
    )


if __name__ == "__main__":
    for figure in asyncio.run(far_away()):
        print(figure.as_line())
