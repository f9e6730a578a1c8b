"""`make bench-gateway`: fifty devices at one gateway process. How long they wait, and what it costs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import os
import platform
import random
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.figure import Figure, percentile
from device.audio.opus import OpusEncoder
from device.contracts import RATE_HZ
from device.link import native as n
from tests.gateway.native_device import NativeDevice, Talk
from tests.gateway.process import Running, running_gateway

UTTERANCE_S = 2.0
FRAME_S = 0.06
PAUSE_S = 2.0
"""Between a device's turns, at most: people listen and think."""
WORD_MS = 5
TICKS_HZ = os.sysconf("SC_CLK_TCK")


@dataclass
class Waits:
    """Seconds, of all devices."""

    words: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)


Ask = Callable[[Talk, int, Waits], Awaitable[None]]


async def by_text(talk: Talk, turn_id: int, waits: Waits) -> None:
    asked_s = time.monotonic()
    await talk.send(n.Ask(turn_id=turn_id, text="How far away is the moon?"))
    await _answer(talk, turn_id, asked_s, waits)


async def by_voice(talk: Talk, turn_id: int, waits: Waits) -> None:
    await talk.send(n.Begin(turn_id=turn_id, answer=True))
    for number, packet in UTTERANCE:
        await asyncio.sleep(FRAME_S)
        await talk.send(n.Media(turn_id, number, packet))
    asked_s = time.monotonic()
    await talk.send(n.End(turn_id=turn_id))
    await _answer(talk, turn_id, asked_s, waits)


async def _answer(talk: Talk, turn_id: int, asked_s: float, waits: Waits) -> None:
    words = sound = None
    said = ""
    while not isinstance(message := await talk.receive(), n.Ended):
        now_s = time.monotonic()
        if isinstance(message, n.Text):
            words = words or now_s - asked_s
            said += message.text
        elif isinstance(message, n.Media):
            sound = sound or now_s - asked_s
    assert message.reason == "done", message
    waits.words += [words] if words else []
    waits.sound += [sound] if sound else []
    await talk.send(n.Said(turn_id=turn_id, text=said))


def _utterance() -> list[tuple[int, bytes]]:
    """Two seconds that are not silent, packed once for all devices."""
    chance = random.Random(5)
    times = range(int(UTTERANCE_S * RATE_HZ))
    level = (8000 * math.sin(at / 40) + chance.uniform(-2000, 2000) for at in times)
    encoder = OpusEncoder()
    return encoder.encode(b"".join(struct.pack("<h", int(sample)) for sample in level)) + encoder.finish()


UTTERANCE = _utterance()


async def talk_all(gateway: Running, devices: int, turns: int, ask: Ask, *features: str) -> Waits:
    """Every device connects, and asks again and again, each at its own pace."""
    waits = Waits()

    async def one(number: int) -> None:
        chance = random.Random(number)
        async with NativeDevice().connected(gateway.device_url, *features) as talk:
            for turn_id in range(turns):
                await asyncio.sleep(chance.uniform(0, PAUSE_S))
                await ask(talk, turn_id, waits)

    async with asyncio.TaskGroup() as group:
        for number in range(devices):
            group.create_task(one(number))
    return waits


def measure(devices: int, turns: int) -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder, _endpoint() as url:
        settings: dict[str, str | float] = {"scripted__word_ms": WORD_MS}
        for table in ("stt", "tts"):
            settings |= {f"{table}__engine": "remote", f"{table}__base_url": url, f"{table}__model": "m"}
        with running_gateway(Path(folder), **settings) as gateway:
            idle_mb = memory_mb(gateway)
            figures = [Figure("memory of the gateway, nobody connected", idle_mb, "MB", None, "VmRSS")]
            for name, ask, features in (
                ("text", by_text, ()),
                ("voice", by_voice, ("audio_in", "audio_out")),
            ):
                began_s, cpu_s = time.monotonic(), busy_s(gateway)
                waits = asyncio.run(talk_all(gateway, devices, turns, ask, *features))
                share = (busy_s(gateway) - cpu_s) / (time.monotonic() - began_s)
                how = (
                    f"{devices} devices, {turns} turns each by {name}; the scripted mind, {WORD_MS} ms a word"
                )
                figures += _latencies(f"{name}: first words", waits.words, how)
                figures += _latencies(f"{name}: first sound", waits.sound, how)
                figures.append(Figure(f"{name}: processor", 100 * share, "% of one core", None, how))
                figures.append(Figure(f"{name}: memory after", memory_mb(gateway), "MB", None, how))
    return figures


def _latencies(name: str, waits_s: list[float], how: str) -> list[Figure]:
    if len(waits_s) < 2:
        return []
    return [
        Figure(f"{name}, {percent} %", 1000 * percentile(waits_s, percent), "ms", None, how)
        for percent in (50, 95, 99)
    ]


def memory_mb(gateway: Running) -> float:
    status = Path(f"/proc/{gateway.process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def busy_s(gateway: Running) -> float:
    """User's and system's time of the process, all threads."""
    fields = Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_HZ


@contextlib.contextmanager
def _endpoint() -> Iterator[str]:
    """Ears and a voice that cost nothing, in a process of their own: always the same words and sound."""
    command = [sys.executable, "-m", "tests.gateway.openai_server"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.many_devices", description=__doc__)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--turns", type=int, default=10)
    given = parser.parse_args()
    print(f"On {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}:")
    for figure in measure(given.devices, given.turns):
        print(figure.as_line(), flush=True)


if __name__ == "__main__":
    main()
