from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from device.brain.silence_trim import SilenceTrimmer

RATE_HZ = 1000
"""So that a sample is a millisecond."""
LOUD, QUIET = b"\x00\x40", b"\x10\x00"

sounds = st.lists(st.tuples(st.booleans(), st.integers(0, 200)), max_size=12)


def render(runs: list[tuple[bool, int]]) -> bytes:
    return b"".join((LOUD if loud else QUIET) * count for loud, count in runs)


def trimmed(pcm: bytes, sizes: list[int], lead_ms: int = 50, tail_ms: int = 50) -> bytes:
    trimmer = SilenceTrimmer(RATE_HZ, lead_ms, tail_ms)
    out, at = b"", 0
    for size in [*sizes, len(pcm)]:
        out += trimmer.feed(pcm[at : at + 2 * size])
        at += 2 * size
    return out + trimmer.finish()


def expected(pcm: bytes, lead_ms: int, tail_ms: int) -> bytes:
    samples = [pcm[i : i + 2] for i in range(0, len(pcm), 2)]
    loud = [i for i, sample in enumerate(samples) if sample == LOUD]
    if not loud:
        return b""
    return b"".join(samples[max(0, loud[0] - lead_ms) : loud[-1] + 1 + tail_ms])


@given(sounds, st.lists(st.integers(1, 90), max_size=20), st.integers(0, 100), st.integers(0, 100))
def test_only_the_ends_are_shortened_however_it_is_cut(
    runs: list[tuple[bool, int]], sizes: list[int], lead_ms: int, tail_ms: int
) -> None:
    pcm = render(runs)
    assert trimmed(pcm, sizes, lead_ms, tail_ms) == expected(pcm, lead_ms, tail_ms)


def test_sound_never_waits() -> None:
    trimmer = SilenceTrimmer(RATE_HZ)
    assert trimmer.feed(QUIET * 500 + LOUD) == QUIET * 50 + LOUD
    assert trimmer.feed(LOUD * 3 + QUIET) == LOUD * 3


@pytest.mark.parametrize("name", ["test.wav", "en_waiting.wav", "en_success.wav"])
def test_real_output_of_piper_loses_its_silence_and_no_speech(shared_data: Path, name: str) -> None:
    sound, rate_hz = soundfile.read(shared_data / "piper" / "samples" / name, dtype="int16", always_2d=True)
    speech = sound[:, 0]
    loud = np.flatnonzero(np.abs(speech.astype(int)) > 100)
    trimmer = SilenceTrimmer(rate_hz)
    pieces = [trimmer.feed(speech[at : at + 4096].tobytes()) for at in range(0, len(speech), 4096)]
    kept = np.frombuffer(b"".join([*pieces, trimmer.finish()]), np.int16)
    margin = rate_hz // 20
    assert np.array_equal(kept, speech[max(0, loud[0] - margin) : loud[-1] + 1 + margin])
