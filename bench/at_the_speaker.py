"""What a person hears of the whole agent: measured where a virtual sound card's sound comes out."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.figure import Figure, percentile
from bench.hearing import real_clips
from device.contracts import Audio
from tests.agent_process import Agent, agent
from tests.sound_card import RATE_HZ, Heard, PipeWire, PulseAudio, Recorder, SoundCard
from tests.thin_process import Thin, thin

TIMES = 20
HANGS = 10
HANG_S = 1.2
PLAIN = {"TWOMINDS_ENGINES__STT": "pocketsphinx", "TWOMINDS_ENGINES__TTS": "espeak"}
METHOD = (
    f"the agent as a process on a virtual sound card of {{}}, {TIMES} times, asked and pressed through the "
    "page; at the card's output, whose time is known to 10 ms; speech has pauses, so it may end before"
)


async def at_the_speaker() -> list[Figure]:
    """Ratio 9 at the speaker, and how soon a typed request is answered aloud."""
    figures = []
    for server in (PulseAudio, PipeWire):
        try:
            with _card(server) as card:
                figures += await _of(card)
        except pytest.skip.Exception as missing:
            figures.append(Figure(f"{server.__name__}: at the speaker", None, "", None, str(missing)))
    return figures


@contextmanager
def _card(server: type[SoundCard]) -> Iterator[SoundCard]:
    with tempfile.TemporaryDirectory() as folder:
        card = server(Path(folder))
        card.start()
        try:
            yield card
        finally:
            card.kill()


async def hung_loop() -> list[Figure]:
    """The button's own thread, while the event loop stands still."""
    name = "loop hung: press to last audible sample"
    clips = sorted((clip.audio for clip in real_clips()), key=lambda audio: audio.duration_s)
    if not clips:
        return [Figure(name, None, "", None, "needs ../shared/data")]
    try:
        with _card(PulseAudio) as card, thin(card.env) as device, card.recording() as recorder:
            took_ms = [1000 * _hung_press(device, card, recorder, clips[0]) for _ in range(HANGS)]
    except pytest.skip.Exception as missing:
        return [Figure(name, None, "", None, str(missing))]
    method = (
        f"`twominds run --thin` on mock pins and a virtual sound card of PulseAudio, speaking; its event "
        f"loop stands still for {HANG_S:g} s and the pin goes down; {HANGS} times, at the card's output"
    )
    longest = Figure(f"{name}, longest", max(took_ms), "ms", 100, "the same presses")
    return [Figure(f"{name}, median", statistics.median(took_ms), "ms", 100, method), longest]


def _hung_press(device: Thin, card: SoundCard, recorder: Recorder, clip: Audio) -> float:
    """Seconds from the edge to the last audible sample."""
    since_s = time.monotonic()
    device("down")
    card.speak(clip).wait()
    device("up")
    device.until(lambda: not _since(recorder.heard(), since_s).silent)
    device(f"hang {HANG_S}")
    time.sleep(0.3)
    pressed_s = device("down")
    time.sleep(HANG_S)
    device("up")
    return _since(recorder.heard(), since_s).audible_s()[1] - float(pressed_s)


async def _of(card: SoundCard) -> list[Figure]:
    silent_ms, sounded_ms = [], []
    async with agent(card.folder / "agent", {**card.env, **PLAIN}) as running:
        with card.recording() as recorder:
            for _ in range(TIMES):
                asked_s, first_s, pressed_s, last_s = await _cut_off_story(running, recorder)
                sounded_ms.append(1000 * (first_s - asked_s))
                silent_ms.append(1000 * (last_s - pressed_s))
    name, method = type(card).__name__, METHOD.format(type(card).__name__)
    return [
        Figure(f"{name}: press to last audible sample, p50", statistics.median(silent_ms), "ms", 50, method),
        Figure(f"{name}: press to last audible sample, p95", percentile(silent_ms, 95), "ms", 50, method),
        Figure(
            f"{name}: typed request to first sample, p50", statistics.median(sounded_ms), "ms", None, method
        ),
    ]


async def _cut_off_story(running: Agent, recorder: Recorder) -> tuple[float, float, float, float]:
    """When a story was asked for, began to sound, was cut off by a press, and had ended."""
    asked_s = await running.ask("tell me a story")
    await running.light("speaking")
    await asyncio.sleep(1)
    pressed_s = await running.press()
    await asyncio.sleep(0.6)
    await running.release()
    await running.turn()
    await running.turn()
    first_s, last_s = _since(recorder.heard(), asked_s).audible_s()
    return asked_s, first_s, pressed_s, last_s


def _since(heard: Heard, at_s: float) -> Heard:
    began = max(0, round((at_s - heard.began_s) * RATE_HZ))
    return Heard(heard.samples[began:], heard.began_s + began / RATE_HZ)
