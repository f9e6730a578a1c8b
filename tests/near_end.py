"""The device's link at the near end of a cable (`tests.namespaces`), as a program that is told what to do.

`python -m tests.near_end URL CA_FILE FRAME_MS STATE`; then a command on each line of its input, an answer on
each of its output: `up`, `talk SECONDS`, `ask TEXT`. Sound is spoken as fast as people speak.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

from bench.hearing import real_clips
from device.config import Character, Consent, Settings, System2
from device.contracts import FRAME_BYTES, FRAME_MS, Frame, Question, ReplyItem, Say, Spoken
from device.egress import Egress
from device.link.link import Calls, Link
from device.linked import link_for


def answer(**told: Any) -> None:
    print(json.dumps(told), flush=True)


async def up(link: Link) -> None:
    async with asyncio.timeout(20):
        while not link.health.up:  # noqa: ASYNC110 - what is waited for happens at the other end
            await asyncio.sleep(0.01)
    answer(round_trip_s=link.health.round_trip_s)


async def talk(link: Link, seconds: float) -> None:
    """Recordings, end to end, as a person who does not pause."""
    pcm = b"".join(clip.audio.pcm for clip in real_clips())
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES, FRAME_BYTES)]
    listening, began_s = link.listen(), time.monotonic()
    count = round(seconds * 1000 / FRAME_MS)
    for number in range(count):
        due_s = began_s + number * FRAME_MS / 1000
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        listening.feed(Frame(frames[number % len(frames)], due_s))
    took_s = time.monotonic() - began_s
    answer(took_s=took_s)
    await listening.abandon()


async def ask(link: Link, text: str) -> None:
    """Tells when its first words came, and how much sound."""
    asked_s = time.monotonic()
    first_s: float | None = None
    sound_s = 0.0
    async for item in link.ask(Question(1, text, "en")):
        if first_s is None and _is_words(item):
            first_s = time.monotonic() - asked_s
        if isinstance(item, Spoken):
            sound_s += item.audio.duration_s
    answer(first_words_s=first_s, took_s=time.monotonic() - asked_s, sound_s=sound_s)


def _is_words(item: ReplyItem) -> bool:
    return isinstance(item, Say | Spoken)


async def main(url: str, ca_file: str, frame_ms: str, state: str) -> None:
    settings = Settings(
        system2=System2(url=url, ca_file=ca_file, voice="theirs", frame_ms=int(frame_ms)),  # type: ignore[arg-type]
        consent=Consent(audio_stream=True),
        character=Character(safety="adult"),
    )
    link = link_for(settings, Egress(), {"STATE_DIRECTORY": state}, Calls(lambda: None, lambda health: None))
    assert link is not None
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with asyncio.TaskGroup() as group:
        running = group.create_task(link.run())
        while line := (await reader.readline()).decode().split(maxsplit=1):
            match line:
                case ["up"]:
                    await up(link)
                case ["talk", seconds]:
                    await talk(link, float(seconds))
                case ["ask", text]:
                    await ask(link, text)
        running.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
