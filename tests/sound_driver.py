"""The device's own sound in a process of its own, led by lines of JSON: see `tests.sound_process`.

PortAudio and ALSA read the environment when they are loaded, and a test kills what they speak to.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import sys
import threading
import time
import wave
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from device.audio.open_sound import OpenSound, open_sound
from device.config import Sound
from device.contracts import Audio, Frame
from device.ports import Playback

TICK_S = 0.002


def tell(**event: Any) -> None:
    print(json.dumps({"at_s": time.monotonic(), **event}), flush=True)


class Driver:
    """Each command is a method `do_…`; what it returns is its answer."""

    def __init__(self, sound: OpenSound) -> None:
        self._sound = sound
        self._frames: list[Frame] = []
        self._lag_s = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def listen(self) -> None:
        assert self._sound.microphone is not None
        async for frame in self._sound.microphone.frames():
            self._frames.append(frame)

    async def watch_lag(self) -> None:
        while True:
            before_s = time.monotonic()
            await asyncio.sleep(TICK_S)
            self._lag_s = max(self._lag_s, time.monotonic() - before_s - TICK_S)

    def do_state(self) -> dict[str, Any]:
        microphone, speaker = self._sound.microphone, self._sound.speaker
        lag_s, self._lag_s = self._lag_s, 0.0
        return {
            "microphone": microphone and microphone.name,
            "speaker": speaker and speaker.name,
            "dropped": microphone and microphone.dropped,
            "dry": speaker and speaker.ran_dry,
            "threads": threading.active_count(),
            "descriptors": len(os.listdir("/proc/self/fd")),
            "rss_kb": int(open("/proc/self/statm").read().split()[1]) * 4,
            "lag_s": lag_s,
        }

    def do_want(self, wanted: bool) -> None:
        assert self._sound.microphone is not None
        self._sound.microphone.want(wanted)

    def do_heard(self) -> dict[str, Any]:
        """Every frame since the last time it was asked."""
        frames, self._frames = self._frames, []
        return {
            "pcm": base64.b64encode(b"".join(frame.pcm for frame in frames)).decode(),
            "captured_s": [frame.captured_s for frame in frames],
        }

    def do_volume(self, percent: int) -> None:
        assert self._sound.speaker is not None
        self._sound.speaker.set_volume(percent)

    def do_say(self, file: str) -> None:
        """A WAV; `said` follows when it has sounded, or was silenced."""
        assert self._sound.speaker is not None
        task = asyncio.ensure_future(self._say(self._sound.speaker.begin(1), file))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _say(self, playback: Playback, file: str) -> None:
        begun_s = time.monotonic()
        with wave.open(file) as wav:
            audio = Audio(wav.readframes(wav.getnframes()), wav.getframerate())
        starting = asyncio.ensure_future(playback.started())
        await playback.write(audio)
        await playback.drain()
        started_s = starting.result() if starting.done() else None
        starting.cancel()
        tell(event="said", played_s=playback.played_s, begun_s=begun_s, started_s=started_s)

    def do_silence(self, hang_s: float) -> dict[str, float]:
        """From another thread, while the event loop hangs for so long; with 0, from the loop."""
        if not hang_s:
            return self._silence()
        with ThreadPoolExecutor() as thread:
            answer = thread.submit(self._silence)
            time.sleep(hang_s)
            return answer.result()

    def _silence(self) -> dict[str, float]:
        assert self._sound.speaker is not None
        before_s = time.monotonic()
        self._sound.speaker.silence()
        return {"silenced_s": before_s, "took_s": time.monotonic() - before_s}


async def lines() -> AsyncIterator[dict[str, Any]]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while line := await reader.readline():
        yield json.loads(line)


async def main(settings: Sound) -> None:
    before_s = time.monotonic()
    async with open_sound(
        settings, time.monotonic, lambda part, why: tell(event="trouble", part=part, why=why)
    ) as sound:
        driver = Driver(sound)
        tell(event="open", took_s=time.monotonic() - before_s)
        tasks = [asyncio.ensure_future(driver.watch_lag())]
        if sound.microphone is not None:
            tasks.append(asyncio.ensure_future(driver.listen()))
        async for command in lines():
            answer = getattr(driver, "do_" + command.pop("do"))(**command)
            tell(event="answer", answer=answer)
        for task in tasks:
            task.cancel()
    tell(event="closed")


if __name__ == "__main__":
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=Sound)))
