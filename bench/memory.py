"""Resident memory of a device that only listens, sounds and talks to others: no engines of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.figure import Figure
from tests.device.link.certificates import Authority
from tests.gateway.openai_server import openai_server
from tests.gateway.process import running_gateway
from tests.sound_card import PulseAudio
from tests.thin_process import alsa_alone, thin

PRESSES = 10
LINKED_WITHIN_S = 3.0
TURNS = 10
MORE_TURNS = 1000


def thin_mode() -> list[Figure]:
    """Ratio 7. By the kernel's account of processes of their own."""
    return [*_alone(), *_beside_a_sound_server(), _growth()]


def _alone() -> list[Figure]:
    method = (
        f"`twominds run --thin` with button and light on mock pins, linked to a gateway by TLS, {PRESSES} "
        "presses with live sound; ALSA without libasound2-plugins"
    )
    with tempfile.TemporaryDirectory() as folder:
        kib = _pressed(alsa_alone(Path(folder)))
    return [
        Figure("thin mode, RSS", kib["Rss"] / 1024, "MiB", 60, method),
        Figure("thin mode, anonymous", kib["Anonymous"] / 1024, "MiB", None, "the same process"),
        Figure("thin mode, proportional (Pss)", kib["Pss"] / 1024, "MiB", None, "the same process"),
    ]


def _beside_a_sound_server() -> list[Figure]:
    name, method = "thin mode with libasound2-plugins", "the same, on a virtual sound card of PulseAudio"
    with tempfile.TemporaryDirectory() as folder:
        try:
            card = PulseAudio(Path(folder))
            card.start()
        except pytest.skip.Exception as missing:
            return [Figure(name, None, "", None, str(missing))]
        try:
            kib = _pressed(card.env)
        finally:
            card.kill()
    return [
        Figure(f"{name}, RSS", kib["Rss"] / 1024, "MiB", None, method),
        Figure(f"{name}, anonymous", kib["Anonymous"] / 1024, "MiB", None, "the same process"),
        Figure(f"{name}, proportional (Pss)", kib["Pss"] / 1024, "MiB", None, "the same process"),
    ]


def _pressed(env: dict[str, str]) -> dict[str, int]:
    with (
        tempfile.TemporaryDirectory() as folder,
        _gateway(Path(folder)) as linked,
        thin(env | linked) as device,
    ):
        time.sleep(LINKED_WITHIN_S)
        for _ in range(PRESSES):
            device("down")
            time.sleep(0.4)
            device("up")
            time.sleep(0.4)
        return device.memory_kib()


@contextlib.contextmanager
def _gateway(folder: Path) -> Iterator[dict[str, str]]:
    """One that listens; and what a device is told of it."""
    authority = Authority(folder)
    certificate = str(authority.server_file())
    with (
        openai_server() as ears,
        running_gateway(
            folder / "gateway",
            listen__tls_certificate=certificate,
            listen__tls_key=certificate,
            stt__engine="remote",
            stt__base_url=ears.url,
            stt__model="any",
        ) as running,
    ):
        yield {
            "TWOMINDS_SYSTEM2__URL": running.device_url,
            "TWOMINDS_SYSTEM2__CA_FILE": str(authority.file),
            "TWOMINDS_CONSENT__AUDIO_STREAM": "true",
            "STATE_DIRECTORY": str(folder / "device"),
        }


def _growth() -> Figure:
    told = subprocess.run(
        [sys.executable, "-m", "bench.memory"], capture_output=True, text=True, check=True, timeout=600
    )
    kib, later_kib = (json.loads(line) for line in told.stdout.splitlines())
    growth = 100 * (later_kib["Rss"] / kib["Rss"] - 1)
    method = (
        f"RSS of a process with session, microphone frames, webrtcvad and simulated speaker, from the turn "
        f"{TURNS} to {MORE_TURNS} turns later"
    )
    return Figure("thin mode, growth of RSS", growth, "%", 2, method)


async def _turns() -> None:
    from bench.rig import rig
    from device.audio.vad import WebrtcDetector
    from device.config import Talk
    from device.contracts import Say
    from tests.fakes import FakeBrain, FakeStt, FakeVoice

    async with rig(FakeStt(), FakeBrain(), FakeVoice(), detector=WebrtcDetector()) as device:
        for _ in range(TURNS):
            await device.turn(0.1)
        print(json.dumps(own_memory_kib()))
    stt, brain, voice = FakeStt(), FakeBrain([Say("Yes.")]), FakeVoice()
    async with rig(stt, brain, voice, Talk(post_roll_ms=0), WebrtcDetector(), silent=True) as device:
        noted = (
            stt.listenings,
            brain.requests,
            brain.prepared,
            voice.texts,
            voice.emotions,
            device.gate.judged,
        )
        for _ in range(MORE_TURNS):
            await device.turn(0.04)
            for notes in noted:  # the stand-ins' own, which no engine keeps
                notes.clear()
        print(json.dumps(own_memory_kib()))


def own_memory_kib() -> dict[str, int]:
    """What the kernel says of this process: Rss, Anonymous, Pss and others."""
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]
    return {name.rstrip(":"): int(kib) for name, kib, *_ in (line.split() for line in lines)}


if __name__ == "__main__":
    asyncio.run(_turns())
