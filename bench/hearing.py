"""What is left for the speech recogniser after release, because it works while the button is held."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from bench.figure import Figure
from device.audio.recording import read
from device.brain.stt_whisper import WhisperStt
from device.config import Whisper
from device.stt_bench import Clip, Summary, measure, synthetic_clip
from tests.models_made.whisper import TINY, make_whisper

LOADING_S = 60.0
POST_ROLL_MS = 200
GOAL = 0.35
WRITES = 15
"""Tokens that the model writes: some three a second."""
RECORDINGS = Path(__file__).resolve().parents[2] / "shared" / "data" / "speech"
_FIVE_SECONDS = (4.5, 6.0)
_CLIPS = 8
CONTEXTS: tuple[Literal["full", "fitted"], ...] = ("full", "fitted")


async def hold_time_hiding() -> list[Figure]:
    """Ratio of STT after release to STT of the whole clip, for clips of about 5 s, in both contexts."""
    given = real_clips()
    with tempfile.TemporaryDirectory() as folder:
        model = make_whisper(Path(folder), TINY, writes=WRITES)
        return [figure for context in CONTEXTS for figure in await _in_context(model, context, given)]


async def _in_context(model: Path, context: Literal["full", "fitted"], clips: Sequence[Clip]) -> list[Figure]:
    stt = WhisperStt(model, "en", Whisper(context=context), os.cpu_count() or 1)
    try:
        await stt.load(LOADING_S)
        summary = await measure(stt, context, clips, post_roll_ms=POST_ROLL_MS, fast=False)
    finally:
        await stt.close()
    return _figures(context, summary)


def _figures(context: str, summary: Summary) -> list[Figure]:
    count = len(summary.hearings)
    sound = (
        f"{count} recordings of {summary.sound_s / count:.1f} s" if count > 1 else "a synthetic clip of 5 s"
    )
    method = (
        f"{sound} held in real time, with {POST_ROLL_MS} ms of post-roll; from the last frame to the "
        "transcript ÷ the same for the clip all at once; median; random weights, shape of Whisper tiny, int8"
    )
    whole_ms = 1000 * statistics.median(hearing.whole_s for hearing in summary.hearings)
    after_ms = 1000 * statistics.median(summary.after_release_s)
    left = summary.left_after_release or 0.0
    return [
        Figure(f"STT after release ÷ whole clip, {context} context", left, "×", GOAL, method),
        Figure(f"STT of a whole clip, {context} context", whole_ms, "ms", None, "the same clips; median"),
        Figure(f"STT after release, {context} context", after_ms, "ms", None, "the same clips; median"),
    ]


def real_clips() -> list[Clip]:
    """Real recordings of about 5 s where they are at hand: their pauses are what counts."""
    clips: list[Clip] = []
    for file in sorted(RECORDINGS.glob("**/*.wav")):
        audio = read(file)
        if _FIVE_SECONDS[0] <= audio.duration_s <= _FIVE_SECONDS[1] and len(clips) < _CLIPS:
            clips.append(Clip(file.name, audio))
    return clips or [synthetic_clip()]


if __name__ == "__main__":
    for figure in asyncio.run(hold_time_hiding()):
        print(figure.as_line())
