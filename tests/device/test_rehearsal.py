"""Recordings of every kind through the whole turn, with the real engines, as `twominds replay` does it."""

from __future__ import annotations

import asyncio
import io
import math
import random
import shutil
import struct
import subprocess
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import soundfile

from device.config import Engines, Settings, System2, Talk
from device.contracts import AnsweredBy, Audio, Mind, Route
from device.record import Kind, TurnRecord
from device.rehearsal import NOT_ASKED, Outcome, ask, recordings, replay

needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")
pytestmark = needs_voice


def replayed(*paths: Path, settings: Settings | None = None) -> list[Outcome]:
    async def story() -> list[Outcome]:
        return [outcome async for outcome in replay(settings or Settings(), paths, fast=True)]

    return asyncio.run(story())


def spoken(text: str, path: Path, voice: str = "en-us", rate_hz: int | None = None) -> Path:
    """A recording of espeak-ng saying `text`; at another rate if asked."""
    subprocess.run(["espeak-ng", "-v", voice, "-s", "150", "-w", str(path), text], check=True)
    if rate_hz is not None:
        samples, from_hz = soundfile.read(path, dtype="int16")
        step = from_hz / rate_hz
        at = np.arange(0, len(samples) - 1, step)
        soundfile.write(path, np.interp(at, np.arange(len(samples)), samples).astype(np.int16), rate_hz)
    return path


def test_a_spoken_question_is_answered_aloud(tmp_path: Path) -> None:
    outcome, sound = asyncio.run(ask(Settings(), recording=spoken("tell me a joke", tmp_path / "joke.wav")))
    assert outcome.error is None
    assert outcome.transcript == "tell me a joke"
    assert outcome.route.startswith("skill")
    assert outcome.reply
    assert sound.duration_s == pytest.approx(outcome.spoken_s, abs=0.01)
    assert loudest(sound) > 1000


def test_a_typed_question_is_answered_aloud() -> None:
    outcome, sound = asyncio.run(ask(Settings(), text="what is two plus two"))
    assert "four" in outcome.reply.lower() or "4" in outcome.reply
    assert sound.duration_s > 0.5


def loudest(sound: Audio) -> int:
    return int(np.abs(np.frombuffer(sound.pcm, np.int16).astype(np.int32)).max())


def test_who_was_asked_before_and_beside_the_one_that_answered_is_shown_in_order() -> None:
    route = Route(Mind.SYSTEM_2, "it asks for news", rival=Mind.SYSTEM_1)
    record = TurnRecord(1, Kind.TYPED, lambda: 0.0, "2025-05-04T10:20:30+00:00", route=route)
    raced = Outcome.of(record, "", ())
    assert "  asked   system_2: it asks for news, and system_1 at the same time" in raced.as_text()
    record.answered_by(AnsweredBy(Mind.SYSTEM_1, "no words within 1.5 s"))
    record.answered_by(AnsweredBy(Mind.CACHE, "the mind broke off"))
    fallen = Outcome.of(record, "", ())
    assert (fallen.asked, fallen.route) == ("system_2: it asks for news", "cache: the mind broke off")
    assert fallen.as_text().splitlines()[-3:] == [
        "  asked   system_2: it asks for news, and system_1 at the same time",
        "  then    system_1: no words within 1.5 s",
        "  by      cache: the mind broke off",
    ]


# --- bad input: one clear sentence each, and the next turn works -----------------------------------------


def silent(path: Path) -> Path:
    soundfile.write(path, np.zeros(32_000, np.int16), 16_000)
    return path


def noise(path: Path) -> Path:
    samples = np.random.default_rng(1).normal(0, 300, 48_000).astype(np.int16)
    soundfile.write(path, samples, 16_000)
    return path


def clipped(path: Path) -> Path:
    samples, rate_hz = soundfile.read(spoken("tell me a joke", path), dtype="float64")
    soundfile.write(path, np.clip(samples * 40, -1, 1), rate_hz)
    return path


def narrow(path: Path) -> Path:
    return spoken("tell me a joke", path, rate_hz=8_000)


def wide_stereo(path: Path) -> Path:
    samples, rate_hz = soundfile.read(spoken("tell me a joke", path, rate_hz=44_100), dtype="int16")
    soundfile.write(path, np.column_stack((samples, samples)), rate_hz)
    return path


def truncated(path: Path) -> Path:
    whole = spoken("tell me a joke", path).read_bytes()
    path.write_bytes(whole[: len(whole) * 3 // 4])
    return path


def ten_minutes(path: Path) -> Path:
    hum = (3000 * np.sin(np.arange(16_000) * 2 * math.pi * 200 / 16_000)).astype(np.int16)
    soundfile.write(path, np.tile(hum, 600), 16_000)
    return path


ANSWERED = {"clipped": clipped, "8 kHz": narrow, "44.1 kHz stereo": wide_stereo, "truncated": truncated}
UNHEARD = {"silent": silent, "noise": noise}


@pytest.mark.parametrize("kind", ANSWERED)
def test_sound_of_every_shape_gets_an_answer(kind: str, tmp_path: Path) -> None:
    outcome = replayed(ANSWERED[kind](tmp_path / "in.wav"))[0]
    assert outcome.error is None
    assert outcome.reply


@pytest.mark.parametrize("kind", UNHEARD)
def test_where_nobody_speaks_nothing_is_answered(kind: str, tmp_path: Path) -> None:
    outcome = replayed(UNHEARD[kind](tmp_path / "in.wav"))[0]
    assert (outcome.transcript, outcome.error) == ("", None)


def test_ten_minutes_are_cut_at_the_longest_utterance(tmp_path: Path) -> None:
    settings = Settings(talk=Talk(longest_s=10.0))
    outcome = replayed(ten_minutes(tmp_path / "in.wav"), settings=settings)[0]
    assert outcome.error is None


def no_bytes() -> bytes:
    return b""


def no_samples() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
    return buffer.getvalue()


def a_picture() -> bytes:
    return b"\x89PNG\r\n\x1a\n" + random.Random(1).randbytes(2000)


def a_lie() -> bytes:
    """A header that promises four gigabytes at a rate that no microphone has."""
    form = struct.pack("<HHIIHH", 1, 1, 4_000_000_000, 4_000_000_000, 2, 16)
    return (
        b"RIFF"
        + struct.pack("<I", 0xFFFFFFFF)
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + form
        + b"data\xff\xff\xff\xff"
    )


@pytest.mark.parametrize("content", [no_bytes, no_samples, a_picture, a_lie])
def test_what_is_not_a_recording_is_told_in_one_sentence_and_the_next_one_works(
    content: Callable[[], bytes], tmp_path: Path
) -> None:
    bad, good = tmp_path / "bad.wav", spoken("tell me a joke", tmp_path / "good.wav")
    bad.write_bytes(content())
    first, second = replayed(bad, good)
    assert first.error
    assert first.error.startswith(str(bad))
    assert first.error.count("\n") == 0
    assert first.reply == ""
    assert second.reply


def test_a_folder_stands_for_the_recordings_in_it(tmp_path: Path) -> None:
    for name in ("b.wav", "a.flac", "notes.txt", "deep/c.MP3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in recordings([tmp_path])]
    assert found == ["a.flac", "b.wav", "deep/c.MP3"]


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    gone = tmp_path / "gone.wav"
    assert replayed(gone)[0].error == f"{gone} does not exist: check the name."


@pytest.mark.parametrize(("use", "notes"), [("auto", (NOT_ASKED,)), ("never", ())])
def test_it_is_told_that_system_2_is_not_asked_where_the_agent_would(
    use: Literal["auto", "never"], notes: tuple[str, ...]
) -> None:
    settings = Settings(
        system2=System2(url="wss://gateway.example/v1/device", use=use), engines=Engines(llm="none")
    )
    outcome, _ = asyncio.run(ask(settings, text="why do rivers run in curves"))
    assert outcome.notes == notes
    assert outcome.route.startswith("stock: ")


def test_a_kept_reply_answers_here_as_it_does_in_the_agent() -> None:
    outcome, _ = asyncio.run(ask(Settings(), text="could you tell me why flamingos are so pink"))
    assert outcome.route == "cache: an answer to this is kept"
