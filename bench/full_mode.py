"""The device with all its native engines: whole turns, a busy neighbour, the loop's lag, the memory.

Whisper has tiny's shape and random weights, the language model 57 million weights that always say the
same, the voice speaks in tones after some useless arithmetic: what they take is real, what they say is not.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from bench.figure import Figure, not_measured, percentile
from bench.hearing import real_clips
from bench.lag import with_lags_s
from bench.memory import own_memory_kib
from device.brain.persona import system_prompt
from device.config import Llama, Piper, Reply, Settings, Talk, Whisper
from device.contracts import Audio, Prompt
from device.egress import Egress
from device.engines import Engines, load_engines
from device.hw.robot import GESTURES
from device.pipeline import close
from device.rehearsal import Stage, on_stage
from device.stt_bench import hear_at_once

ROUNDS = 6
SENTENCE = (
    *("▁hello", ",", "▁the", "▁story", "▁of", "▁a", "▁robot", ";"),
    *("▁it", "▁is", "▁good", "▁and", "▁we", "▁I", "▁what", "▁time", "▁day", "▁moon", "▁to", "▁you", "!"),
)
"""Nineteen words, as long as a spoken sentence may be; each token is followed by the next alone."""
FIRST_CLAUSE = "hello, the story of a robot;"
Context = Literal["full", "fitted"]
CONTEXTS: tuple[Context, ...] = ("full", "fitted")


@dataclass(frozen=True, slots=True)
class Round:
    """Seconds to the first audio: in sequence, in a turn, and in a turn beside a busy neighbour."""

    in_sequence_s: float
    turn_s: float
    hogged_s: float
    frames_dropped: int


async def full_mode() -> list[Figure]:
    """Ratios 1, 5 and 10, in both contexts of Whisper, and the memory."""
    if importlib.util.find_spec("llama_cpp") is None:
        return [not_measured("overlap of the engines")]
    with tempfile.TemporaryDirectory() as folder:
        settings = make_models(Path(folder))
        figures = [figure for context in CONTEXTS for figure in await _in_context(settings, context)]
        return [*figures, *_memory(Path(folder))]


def make_models(folder: Path) -> Settings:
    """Settings that name three models, which are written into `folder`."""
    from tests.models_made.gguf_model import END_OF_TURN, Shape, make
    from tests.models_made.piper_voice import make_piper_voice
    from tests.models_made.whisper import TINY, make_whisper

    make_whisper(folder / "whisper", TINY, writes=15)
    shape = Shape(layers=8, width=768, heads=12, feed_forward=2048, context=2048)
    follows = dict(zip(("<0x0A>", *SENTENCE), (*SENTENCE, END_OF_TURN), strict=True))
    make(folder / "llm.gguf", shape, follows=follows)
    make_piper_voice(folder, name="voice", work=40)
    return models_in(folder)


def models_in(folder: Path) -> Settings:
    return Settings(
        talk=Talk(post_roll_ms=0),
        whisper=Whisper(model=str(folder / "whisper")),
        llama=Llama(model=str(folder / "llm.gguf")),
        piper=Piper(model=str(folder / "voice.onnx")),
        reply=Reply(temperature=0),
    )


def _with(settings: Settings, context: Context) -> Settings:
    return replace(settings, whisper=replace(settings.whisper, context=context))


async def _in_context(given: Settings, context: Context) -> list[Figure]:
    settings = _with(given, context)
    persona = system_prompt(settings.character, settings.language, GESTURES)
    sounds = islice(cycle(clip.audio for clip in real_clips()), ROUNDS)
    async with load_engines(settings, Egress()) as engines, on_stage(settings, engines, fast=False) as stage:
        await stage.hear(next(iter(real_clips())).audio)  # the first turn of a day is not counted
        rounds: list[Round] = []
        lag_s: list[float] = []
        for number, sound in enumerate(sounds):
            in_sequence_s = await _in_sequence_s(engines, persona, sound, number)
            (turn_s, dropped), lags = await with_lags_s(_first_audio_s(stage, sound))
            lag_s += lags
            with one_hog():
                hogged_s, dropped_beside = await _first_audio_s(stage, sound)
            rounds.append(Round(in_sequence_s, turn_s, hogged_s, dropped + dropped_beside))
    return list(_figures(context, rounds, lag_s))


def _figures(context: str, rounds: list[Round], lag_s: list[float]) -> Iterator[Figure]:
    turns = f"{len(rounds)} turns of about 5 s of speech, Whisper's context {context}, no post-roll"
    overlap = statistics.median(each.turn_s / each.in_sequence_s for each in rounds)
    hog = statistics.median(each.hogged_s / each.turn_s for each in rounds)
    after_release_ms = 1000 * statistics.median(each.turn_s for each in rounds)
    yield Figure(
        f"overlap of the engines, {context} context",
        overlap,
        "×",
        0.5,
        "time to first audio ÷ (whole-clip STT + first sentence of the language model, 19 words, + first "
        f"clause of the voice, one after the other); {turns}; median of pairs",
    )
    yield Figure(f"release to first audio, {context} context", after_release_ms, "ms", None, "the same turns")
    yield Figure(
        f"one CPU hog, {context} context",
        hog,
        "×",
        2.2,
        "time to first audio beside a process that spins ÷ without, in the same rounds; median of pairs",
    )
    yield Figure(
        f"loop lag p99 in whole turns, {context} context",
        1000 * percentile(lag_s, 99),
        "ms",
        10,
        f"{len(lag_s)} ticks of 5 ms in the turns without a hog",
    )
    yield Figure(
        f"frames dropped, {context} context", sum(each.frames_dropped for each in rounds), "", 0, "all turns"
    )


async def _in_sequence_s(engines: Engines, persona: str, sound: Audio, number: int) -> float:
    """What a device takes that hears the whole clip, then thinks a whole sentence, then speaks a clause.

    The model has read the same persona before, as in a turn, and is asked the same words.
    """
    assert engines.model is not None
    began_s = time.monotonic()
    heard, _ = await hear_at_once(engines.stt, sound)
    prompt = Prompt(persona, (), f"({number})", heard.text)
    async for _ in engines.model.answer(prompt):  # one sentence is all that it says
        pass
    sound_of_clause = engines.tts.synthesise(FIRST_CLAUSE)
    await anext(sound_of_clause)
    ended_s = time.monotonic()
    await close(sound_of_clause)
    return ended_s - began_s


async def _first_audio_s(stage: Stage, sound: Audio) -> tuple[float, int]:
    record = await stage.hear(sound)
    assert record.error == "", record.error
    return record.stages_ms["first_audio"] / 1000, record.frames_dropped


@contextlib.contextmanager
def one_hog() -> Iterator[None]:
    """A process that keeps one core busy."""
    hog = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        hog.kill()
        hog.wait()


def _memory(folder: Path) -> list[Figure]:
    """Of a process of its own, by the kernel's account of it, after some turns."""
    told = subprocess.run(
        [sys.executable, "-m", "bench.full_mode", str(folder)],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    kib = json.loads(told.stdout)
    models = (folder / "whisper" / "model.bin", folder / "llm.gguf", folder / "voice.onnx")
    model_bytes = sum(file.stat().st_size for file in models)
    rss_bytes = 1024 * kib["Rss"]
    method = f"a fresh process after three turns; models of {model_bytes / 2**20:.0f} MiB together"
    return [
        Figure("full mode, RSS", rss_bytes / 2**20, "MiB", None, method),
        Figure("full mode, RSS ÷ model bytes", rss_bytes / model_bytes, "×", None, "the same process"),
        Figure("full mode, anonymous", kib["Anonymous"] / 1024, "MiB", None, "the same process"),
    ]


async def _some_turns(settings: Settings) -> None:
    async with load_engines(settings, Egress()) as engines, on_stage(settings, engines, fast=False) as stage:
        for clip in islice(cycle(real_clips()), 3):
            await stage.hear(clip.audio)


if __name__ == "__main__":
    asyncio.run(_some_turns(models_in(Path(sys.argv[1]))))
    print(json.dumps(own_memory_kib()))
