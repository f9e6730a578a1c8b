"""What the agent adds to piper, with a tiny voice: no real one is needed to see it."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.figure import Figure, percentile
from device.brain.kept_voice import KeptVoice
from device.brain.piper_engine import Manner, PiperEngine
from device.brain.tts_piper import PiperTts
from device.config import Piper, VoiceSettings
from device.ports import TextToSpeech
from tests.models_made.piper_voice import make_piper_voice

CLAUSE = "The weather is fine today, and we can go outside."
ROUNDS = 100
STOPS = 20
LOAD_S = 60.0


async def voice() -> list[Figure]:
    """The wrapper's own time, the time to a kept phrase, and how soon an inference ends."""
    with tempfile.TemporaryDirectory() as folder:
        return [*await _first_sound(Path(folder)), await _stopping(Path(folder))]


async def _first_sound(folder: Path) -> list[Figure]:
    model = make_piper_voice(folder)
    alone = PiperEngine(model, "", 1, Manner(), part_s=2)._voice  # piper's own class, as it comes
    piper = PiperTts(model, VoiceSettings(), Piper(), cores=2)
    await piper.load(LOAD_S)
    kept = KeptVoice(piper, [CLAUSE], folder / "kept", piper.sound_key)
    await kept.render_missing(lambda: True)
    added_ms, kept_ms = [], []
    for _ in range(ROUNDS):
        raw_s = _raw_s(alone)
        ours_s = await _to_first_sound_s(piper)
        added_ms.append(1000 * (ours_s - (raw_s + _raw_s(alone)) / 2))
        kept_ms.append(1000 * await _to_first_sound_s(kept))
    await kept.close()
    return [
        Figure(
            "voice, added to piper",
            statistics.median(added_ms),
            "ms",
            None,
            f"a clause to its first sound, less what piper alone needs for it right before and after; "
            f"a voice of tones made for this; median of {ROUNDS}",
        ),
        Figure(
            "kept phrase, p95",
            percentile(kept_ms, 95),
            "ms",
            None,
            "the same clause, kept ready, from the request to its first sound",
        ),
    ]


async def _stopping(folder: Path) -> Figure:
    """Closed in the middle of an inference that would take far longer."""
    piper = PiperTts(make_piper_voice(folder, work=2000, name="slow"), VoiceSettings(), Piper(), cores=2)
    await piper.load(LOAD_S)
    took_ms = []
    for _ in range(STOPS):
        speaking = asyncio.ensure_future(_to_first_sound_s(piper))
        await asyncio.sleep(0.1)
        begun_s = time.perf_counter()
        speaking.cancel()
        await asyncio.wait([speaking])
        took_ms.append(1000 * (time.perf_counter() - begun_s))
    await piper.close()
    return Figure(
        "voice, stopped",
        percentile(took_ms, 95),
        "ms",
        None,
        f"p95 of {STOPS} clauses cancelled 0.1 s into an inference of 1 s or more, until its thread is "
        "free; the network's single operations take a millisecond here",
    )


def _raw_s(voice: Any) -> float:
    begun_s = time.perf_counter()
    next(iter(voice.synthesize(CLAUSE)))
    return time.perf_counter() - begun_s


async def _to_first_sound_s(tts: TextToSpeech) -> float:
    begun_s = time.perf_counter()
    took_s = 0.0
    async for _ in tts.synthesise(CLAUSE):
        took_s = took_s or time.perf_counter() - begun_s
    return took_s
