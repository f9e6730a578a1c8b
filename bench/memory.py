"""Resident memory of a device that only listens, sounds and talks to others: no engines of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure

TURNS = 10
MORE_TURNS = 1000


def thin_mode() -> list[Figure]:
    """Ratio 7. Measured in a process of its own, by the kernel's account of it."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.memory"], capture_output=True, text=True, check=True, timeout=600
    )
    kib, later_kib = (json.loads(line) for line in told.stdout.splitlines())
    method = (
        f"a fresh process with session, microphone frames, webrtcvad and simulated speaker, after {TURNS} "
        "turns; STT, mind and TTS are somebody else's"
    )
    growth = 100 * (later_kib["Rss"] / kib["Rss"] - 1)
    return [
        Figure("thin mode, RSS", kib["Rss"] / 1024, "MiB", 60, method),
        Figure("thin mode, anonymous", kib["Anonymous"] / 1024, "MiB", None, "the same process"),
        Figure("thin mode, proportional (Pss)", kib["Pss"] / 1024, "MiB", None, "the same process"),
        Figure("thin mode, growth of RSS", growth, "%", 2, f"the same process, {MORE_TURNS} turns later"),
    ]


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
