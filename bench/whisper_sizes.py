"""`python -m bench.whisper_sizes`: how long one pass of Whisper takes by size, context and threads.

The weights are random, in the shape of the published sizes: the time is that of the real ones within
a factor of two, the words are not.
"""

from __future__ import annotations

import tempfile
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np

from device.brain.whisper_pass import WhisperPasses
from device.config import Whisper
from device.stt_bench import synthetic_clip
from tests.models_made.whisper import BASE, SMALL, TINY, make_whisper

SIZES = {"tiny": TINY, "base": BASE, "small": SMALL}
CONTEXTS: tuple[Literal["full", "fitted"], ...] = ("full", "fitted")
THREADS = (1, 2)
WRITES = 15
"""Tokens in 5 s: some three a second."""
TIMES = 5


def main() -> None:
    """A row of a table for each size: milliseconds, the best of `TIMES`."""
    print("| size |", " | ".join(f"{context}, {threads} threads" for context, threads in _ways()), "|")
    for name, shape in SIZES.items():
        with tempfile.TemporaryDirectory() as folder:
            model = make_whisper(Path(folder), shape, writes=WRITES)
            best = [_best_ms(model, context, threads) for context, threads in _ways()]
        print(f"| {name} |", " | ".join(f"{ms:.0f} ms" for ms in best), "|", flush=True)


def _ways() -> list[tuple[Literal["full", "fitted"], int]]:
    return list(product(CONTEXTS, THREADS))


def _best_ms(model: Path, context: Literal["full", "fitted"], threads: int) -> float:
    passes = WhisperPasses(model, "en", Whisper(context=context), threads)
    sound = np.frombuffer(synthetic_clip(5.0).audio.pcm, np.int16)
    taken_s = []
    for _ in range(TIMES):
        passes.transcribe(sound)
        taken_s.append(passes.took_s)
    return 1000 * min(taken_s)


if __name__ == "__main__":
    main()
