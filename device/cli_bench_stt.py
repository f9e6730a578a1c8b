"""`twominds bench stt`: its arguments, and what it prints. What it measures stands in `stt_bench`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from msgspec.structs import replace

from device.config import Settings
from device.ports import SpeechToText

if TYPE_CHECKING:
    from device.stt_bench import Clip

Recogniser = Callable[[Settings], AbstractAsyncContextManager[SpeechToText]]
"""Loads the engine that the settings call for, and closes it."""

CONTEXTS: tuple[Literal["full", "fitted"], ...] = ("full", "fitted")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that `run` reads."""
    sound = parser.add_mutually_exclusive_group()
    sound.add_argument(
        "--wer", type=Path, metavar="DIR", help="recordings with transcripts: count wrong words"
    )
    sound.add_argument("--wav", type=Path, metavar="FILE", help="a recording to take the time of")
    parser.add_argument(
        "--contexts", action="store_true", help="whisper in full and fitted context, side by side"
    )
    parser.add_argument("--fast", action="store_true", help="whole clips only, not in real time as if spoken")
    parser.add_argument("--json", action="store_true", help="print one JSON object per engine")


async def run(parsed: argparse.Namespace, settings: Settings, recogniser: Recogniser) -> int:
    """Measure and print. Raises AudioFileError, EngineMissing, SttError."""
    from device.stt_bench import measure

    clips = _clips(parsed)
    for context in CONTEXTS if parsed.contexts else (settings.whisper.context,):
        chosen = replace(settings, whisper=replace(settings.whisper, context=context))
        async with recogniser(chosen) as stt:
            label = f"{stt.name}, {context} context" if stt.name == "whisper" else stt.name
            summary = await measure(
                stt, label, clips, post_roll_ms=settings.talk.post_roll_ms, fast=parsed.fast
            )
        print(json.dumps(summary.as_json()) if parsed.json else summary.as_text(), flush=True)
        if stt.name != "whisper":  # no other engine has contexts
            break
    return 0


def _clips(parsed: argparse.Namespace) -> list[Clip]:
    from device.stt_bench import clip_of, clips_of, synthetic_clip
    from device.transcribed import transcribed

    if parsed.wer:
        return clips_of(transcribed(parsed.wer))
    return [clip_of(parsed.wav)] if parsed.wav else [synthetic_clip()]
