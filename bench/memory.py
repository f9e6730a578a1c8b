"""Resident memory of a device that only listens, sounds and talks to others: no engines of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from bench.figure import Figure

TURNS = 10


def thin_mode() -> list[Figure]:
    """Measured in a process of its own, by the kernel's account of it."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.memory"], capture_output=True, text=True, check=True, timeout=120
    )
    kib = json.loads(told.stdout)
    method = (
        f"a fresh process with session, microphone frames, webrtcvad and simulated speaker, after {TURNS} "
        "turns; STT, mind and TTS are somebody else's"
    )
    return [
        Figure("thin mode, RSS", kib["Rss"] / 1024, "MiB", 60, method),
        Figure("thin mode, anonymous", kib["Anonymous"] / 1024, "MiB", None, "the same process"),
        Figure("thin mode, proportional (Pss)", kib["Pss"] / 1024, "MiB", None, "the same process"),
    ]


async def _turns() -> None:
    from bench.rig import rig
    from device.audio.vad import WebrtcDetector
    from tests.fakes import FakeBrain, FakeStt, FakeVoice

    async with rig(FakeStt(), FakeBrain(), FakeVoice(), detector=WebrtcDetector()) as device:
        for _ in range(TURNS):
            await device.turn(0.1)


def own_memory_kib() -> dict[str, int]:
    lines = Path("/proc/self/smaps_rollup").read_text("ascii").splitlines()[1:]
    return {name.rstrip(":"): int(kib) for name, kib, *_ in (line.split() for line in lines)}


if __name__ == "__main__":
    asyncio.run(_turns())
    print(json.dumps(own_memory_kib()))
