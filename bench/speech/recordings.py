"""The recordings of ../shared/data, with what is known of them."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from device.contracts import RATE_HZ

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
FOLDERS = (
    *("speech", "speech_child", "speech_l2_adult", "intent_coffee", "digits", "voice_styles", "vad"),
    *("noise", "wake", "farfield"),
)
LONGEST_S = 8.0

Sound = npt.NDArray[np.float32]
"""16 kHz mono, 1.0 is full scale."""


@dataclass(frozen=True, slots=True)
class Recording:
    path: str
    kind: str
    """Its folder."""
    source: str
    """Who speaks, or the collection where that is unknown: what never stands on both sides of a split."""
    words: str
    """What is said, lower case; empty where unknown."""


def recordings(data: Path = DATA) -> Iterator[Recording]:
    with (data / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.DictReader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE):
            path = row["path"]
            kind = path.partition("/")[0]
            if kind in FOLDERS and path.endswith((".wav", ".flac", ".mp3")):
                yield Recording(path, kind, _source(path, kind), _words(row["transcript"] or ""))


def sound(file: Path | BinaryIO, longest_s: float = LONGEST_S) -> Sound:
    samples, rate_hz = soundfile.read(file, dtype="float32", always_2d=True)
    mono = samples[: int(longest_s * rate_hz)].mean(axis=1)
    resampled: Sound = soxr.resample(mono, rate_hz, RATE_HZ)
    return resampled


def _source(path: str, kind: str) -> str:
    known = re.search(r"so762_\d{5}|sb_spk\d|\w+(?=_nohash)|hifitts\d+", path)
    if known:
        return known[0].split("__")[-1]
    return path if kind in {"speech", "intent_coffee", "wake"} else kind


def _words(transcript: str) -> str:
    return " ".join(re.sub(r"[^a-z' ]", " ", transcript.lower().replace("’", "'")).split())
