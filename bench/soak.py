"""`make soak`: half an hour of turns with every native engine; memory, threads and files must stay flat.

`python -m bench.soak MINUTES`. Turns go as fast as the engines can: spoken ones from real recordings
where they are at hand, typed ones to the language model and to skills, and some that are cut off.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.hearing import real_clips
from bench.memory import own_memory_kib
from device.config import Llama, Piper, Reply, Settings, Whisper
from device.contracts import Audio
from device.egress import Egress
from device.engines import load_engines
from device.rehearsal import Stage, on_stage
from tests.models_made.gguf_model import END_OF_TURN, Shape, make
from tests.models_made.piper_voice import make_piper_voice
from tests.models_made.whisper import make_whisper

WARM_UP = 0.2
"""Of the time: caches fill and allocators settle, and nothing is compared."""
LOOKS = 60
"""How often memory is looked at in the whole time."""
GROWTH = 0.05
"""Of resident memory, from the warm-up's end to the end, that still counts as flat."""
CUT_OFF_S = 0.3
"""A turn that is cut off is so at a random moment up to here."""
SENTENCE = ("▁hello", ",", "▁the", "▁story", "▁of", "▁a", "▁robot", "▁is", "▁good", "!")
MICRO_WHISPER = Path(__file__).resolve().parents[2] / "shared" / "data" / "micro_whisper_ct2"


@dataclass(frozen=True, slots=True)
class Look:
    """What the process held at one moment."""

    at_s: float
    rss_mib: float
    threads: int
    files: int


@dataclass(slots=True)
class Soaked:
    """What came of it."""

    turns: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    looks: list[Look] = field(default_factory=list)

    @property
    def settled(self) -> list[Look]:
        """After the warm-up."""
        begin_s = self.looks[-1].at_s * WARM_UP
        return [look for look in self.looks if look.at_s >= begin_s]

    @property
    def growth(self) -> float:
        """Of resident memory: the median of the last fifth ÷ that of the first fifth, less one."""
        rss = [look.rss_mib for look in self.settled]
        fifth = max(1, len(rss) // 5)
        return float(np.median(rss[-fifth:]) / np.median(rss[:fifth])) - 1

    @property
    def is_flat(self) -> bool:
        first, *_, last = self.settled
        return self.growth <= GROWTH and last.threads <= first.threads and last.files <= first.files + 2

    def __str__(self) -> str:
        first, *_, last = self.settled
        turns = ", ".join(f"{count} {kind}" for kind, count in sorted(self.turns.items()))
        failed = ", ".join(f"{count} {code}" for code, count in self.failed.items()) or "none"
        return (
            f"{self.turns.total()} turns in {last.at_s / 60:.1f} min: {turns}; failed: {failed}\n"
            f"RSS {first.rss_mib:.1f} MiB after the warm-up, {last.rss_mib:.1f} MiB at the end "
            f"({self.growth:+.1%}, medians of fifths)\n"
            f"threads {first.threads} → {last.threads}, open files {first.files} → {last.files}\n"
            f"{'flat' if self.is_flat else 'NOT flat'}"
        )


def settings_for(folder: Path) -> Settings:
    """Small models of all three kinds; Whisper is the one that hears the recordings, where it is at hand."""
    follows = dict(zip(("<0x0A>", *SENTENCE), (*SENTENCE, END_OF_TURN), strict=True))
    shape = Shape(layers=2, width=256, heads=4, feed_forward=512, context=2048)
    whisper = MICRO_WHISPER if MICRO_WHISPER.is_dir() else make_whisper(folder / "whisper")
    return Settings(
        whisper=Whisper(model=str(whisper), context="fitted"),
        llama=Llama(model=str(make(folder / "llm.gguf", shape, follows=follows))),
        piper=Piper(model=str(make_piper_voice(folder))),
        reply=Reply(temperature=0),
    )


async def soak(minutes: float, rng: random.Random) -> Soaked:
    """Turn after turn, looked at from time to time."""
    soaked, sounds = Soaked(), [clip.audio for clip in real_clips()]
    ends_s = 60 * minutes
    with tempfile.TemporaryDirectory() as folder:
        settings = settings_for(Path(folder))
        async with (
            load_engines(settings, Egress()) as engines,
            on_stage(settings, engines, fast=True) as stage,
        ):
            began_s = time.monotonic()
            while (at_s := time.monotonic() - began_s) < ends_s:
                if at_s >= len(soaked.looks) * ends_s / LOOKS:
                    soaked.looks.append(_look(at_s))
                await _one_turn(stage, sounds, soaked, rng)
            soaked.looks.append(_look(time.monotonic() - began_s))
    return soaked


async def _one_turn(stage: Stage, sounds: Sequence[Audio], soaked: Soaked, rng: random.Random) -> None:
    kind = rng.choice(("spoken", "spoken", "asked of the model", "asked of a skill", "cut off"))
    if kind == "spoken":
        record = await stage.hear(rng.choice(sounds))
    elif kind == "cut off":
        stage.device.session.ask(f"what is thing number {rng.randrange(1000)}")
        await asyncio.sleep(rng.uniform(0, CUT_OFF_S))
        stage.device.session.stop()
        record = await stage.ended()
    else:
        words = (
            "what time is it"
            if kind == "asked of a skill"
            else f"which is thing number {rng.randrange(1000)}"
        )
        record = await stage.ask(words)
    soaked.turns[kind] += 1
    if record.error_code:
        soaked.failed[record.error_code] += 1


def _look(at_s: float) -> Look:
    files = len(os.listdir("/proc/self/fd"))
    return Look(at_s, own_memory_kib()["Rss"] / 1024, threading.active_count(), files)


def main() -> int:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    soaked = asyncio.run(soak(minutes, random.Random(1)))
    print(soaked)
    return 0 if soaked.is_flat and not soaked.failed else 1


if __name__ == "__main__":
    sys.exit(main())
