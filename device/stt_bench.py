"""How well and how fast the speech recogniser hears: `twominds bench stt` and the project's own bench.

Every recording is heard twice: all at once, which tells how long a whole clip takes, and as it comes
from a microphone while the button is held, which tells how much of that is left after release.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from device.audio.recording import read
from device.audio.simulated import SILENCE, RecordingMicrophone
from device.contracts import FRAME_BYTES, FRAME_MS, RATE_HZ, Audio, Frame, Transcript
from device.ports import SpeechToText
from device.transcribed import Spoken
from device.word_errors import WordErrors, word_errors

_SYLLABLE_S = 0.18
_GAP_S = 0.06


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound at 16 kHz, and its words where they are known."""

    name: str
    audio: Audio
    said: str = ""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One clip, heard."""

    clip: Clip
    text: str
    """While held in real time, or all at once where that was all."""
    whole_s: float
    """From the clip, all at once, to its transcript."""
    after_release_s: float | None
    """From the last frame of real time to the transcript; None where it was not measured."""

    @property
    def errors(self) -> WordErrors:
        return word_errors(self.clip.said, self.text)


@dataclass(frozen=True, slots=True)
class Summary:
    """What all clips together say of an engine."""

    engine: str
    hearings: tuple[Hearing, ...]

    @property
    def sound_s(self) -> float:
        return sum(hearing.clip.audio.duration_s for hearing in self.hearings)

    @property
    def errors(self) -> WordErrors | None:
        """None where nobody said what is said in the clips."""
        told = [hearing.errors for hearing in self.hearings if hearing.clip.said]
        return sum(told, WordErrors()) if told else None

    @property
    def real_time_factor(self) -> float:
        return sum(hearing.whole_s for hearing in self.hearings) / self.sound_s

    @property
    def after_release_s(self) -> list[float]:
        return [one.after_release_s for one in self.hearings if one.after_release_s is not None]

    @property
    def left_after_release(self) -> float | None:
        """The median share of a whole clip's time that is left after release."""
        shares = [
            one.after_release_s / one.whole_s for one in self.hearings if one.after_release_s is not None
        ]
        return statistics.median(shares) if shares else None

    def as_text(self) -> str:
        lines = [f"{self.engine}: {len(self.hearings)} recordings, {self.sound_s:.1f} s of sound"]
        if (errors := self.errors) is not None:
            lines.append(
                f"  word error rate       {100 * errors.rate:.1f} % of {errors.said} words "
                f"({errors.substituted} substituted, {errors.deleted} deleted, {errors.inserted} inserted)"
            )
        lines.append(f"  real-time factor      {self.real_time_factor:.3f}, whole clips")
        if (left := self.left_after_release) is not None:
            p50_ms, p95_ms = (1000 * percentile(self.after_release_s, percent) for percent in (50, 95))
            lines.append(f"  after release         p50 {p50_ms:.0f} ms, p95 {p95_ms:.0f} ms")
            lines.append(f"  left after release    {left:.2f} of a whole clip's time, median")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        errors, released = self.errors, self.after_release_s
        return {
            "engine": self.engine,
            "recordings": len(self.hearings),
            "sound_s": round(self.sound_s, 2),
            "wer": None if errors is None else round(errors.rate, 4),
            "words": None if errors is None else errors.said,
            "substituted": None if errors is None else errors.substituted,
            "deleted": None if errors is None else errors.deleted,
            "inserted": None if errors is None else errors.inserted,
            "real_time_factor": round(self.real_time_factor, 4),
            "after_release_p50_ms": round(1000 * percentile(released, 50), 1) if released else None,
            "after_release_p95_ms": round(1000 * percentile(released, 95), 1) if released else None,
            "left_after_release": None
            if self.left_after_release is None
            else round(self.left_after_release, 3),
        }


async def measure(
    stt: SpeechToText, label: str, clips: Sequence[Clip], *, post_roll_ms: int, fast: bool
) -> Summary:
    """Hear every clip. `fast`: all at once only; else in real time, too, which takes as long as they last.

    The first is heard once before, uncounted, since the first time is always slower. Raises SttError.
    """
    hearings = []
    for clip in clips[:1]:
        await hear_at_once(stt, clip.audio, post_roll_ms)
    for clip in clips:
        whole, whole_s = await hear_at_once(stt, clip.audio, post_roll_ms)
        held, after_release_s = whole, None
        if not fast:
            held, after_release_s = await _hear(stt, _in_real_time(clip.audio, post_roll_ms))
        hearings.append(Hearing(clip, held.text, whole_s, after_release_s))
    return Summary(label, tuple(hearings))


async def hear_at_once(stt: SpeechToText, audio: Audio, post_roll_ms: int = 0) -> tuple[Transcript, float]:
    """The transcript of a whole clip at 16 kHz, and how many seconds it took. Raises SttError."""
    return await _hear(stt, _all_at_once(audio, post_roll_ms))


def clips_of(spoken: Sequence[Spoken]) -> list[Clip]:
    """Raises AudioFileError."""
    return [Clip(str(one.file), read(one.file), one.text) for one in spoken]


def clip_of(file: Path) -> Clip:
    """Raises AudioFileError."""
    return Clip(str(file), read(file))


def synthetic_clip(seconds: float = 5.0) -> Clip:
    """Noise in the rhythm of syllables: words for no engine, work for most."""
    rng = np.random.default_rng(1)
    at_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    loud = at_s % (_SYLLABLE_S + _GAP_S) < _SYLLABLE_S
    samples = (rng.normal(0, 1, len(at_s)) * np.where(loud, 3000, 10)).astype(np.int16)
    return Clip("synthetic", Audio(samples.tobytes(), RATE_HZ))


def percentile(values: Sequence[float], percent: int) -> float:
    """By linear interpolation; of a single value, itself."""
    return float(np.percentile(values, percent))


async def _hear(stt: SpeechToText, frames: AsyncIterator[Frame]) -> tuple[Transcript, float]:
    """The transcript, and how long it took from the last frame on."""
    listening = stt.listen()
    try:
        async for frame in frames:
            listening.feed(frame)
        ended_s = time.perf_counter()
        heard = await listening.finish()
        return heard, time.perf_counter() - ended_s
    finally:
        await listening.abandon()


async def _all_at_once(audio: Audio, post_roll_ms: int) -> AsyncIterator[Frame]:
    """In one piece, so that no engine begins with a part of it."""
    pcm = audio.pcm + SILENCE * (post_roll_ms // FRAME_MS)
    yield Frame(pcm[: len(pcm) // 2 * 2], 0.0)


async def _in_real_time(audio: Audio, post_roll_ms: int) -> AsyncIterator[Frame]:
    microphone = RecordingMicrophone(audio, fast=False)
    count = -(-len(audio.pcm) // FRAME_BYTES) + post_roll_ms // FRAME_MS
    frames = microphone.frames()
    for _ in range(count):
        yield await anext(frames)
