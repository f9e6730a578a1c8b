"""How well and how fast an engine hears, measured on engines whose answers are known."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from device import cli_bench_stt
from device.audio.recording import write_wav
from device.brain.stt_whisper import WhisperStt
from device.config import Settings
from device.config import Whisper as WhisperSettings
from device.contracts import FRAME_BYTES, RATE_HZ, Audio, Frame, Transcript
from device.errors import AudioFileError
from device.ports import SpeechToText
from device.stt_bench import Clip, Hearing, Summary, measure, synthetic_clip
from tests.models_made.whisper import make_whisper


class Counting:
    """Says how many bytes of sound it was given, in how many frames."""

    name = "counting"

    def __init__(self) -> None:
        self.abandoned = 0

    def listen(self) -> Counting:
        self._frames: list[Frame] = []
        return self

    def feed(self, frame: Frame) -> None:
        self._frames.append(frame)

    @property
    def partial(self) -> str:
        return ""

    async def finish(self) -> Transcript:
        return Transcript(f"{len(b''.join(frame.pcm for frame in self._frames))} bytes", self.name)

    async def abandon(self) -> None:
        self.abandoned += 1

    async def close(self) -> None: ...


def sound(seconds: float) -> Audio:
    return Audio(bytes(2 * int(seconds * RATE_HZ)), RATE_HZ)


def test_a_clip_is_heard_whole_and_in_real_time_with_its_post_roll() -> None:
    stt = Counting()
    clip = Clip("a", sound(0.11), f"{6 * FRAME_BYTES + 2 * FRAME_BYTES} bytes")
    summary = asyncio.run(measure(stt, "counting", [clip], post_roll_ms=40, fast=False))
    (hearing,) = summary.hearings
    assert hearing.errors.count == 0
    assert hearing.after_release_s is not None
    assert stt.abandoned == 3


def test_fast_hears_whole_clips_only() -> None:
    summary = asyncio.run(measure(Counting(), "counting", [Clip("a", sound(60))], post_roll_ms=0, fast=True))
    assert summary.hearings[0].after_release_s is None
    assert summary.hearings[0].text == f"{60 * 2 * RATE_HZ} bytes"
    assert summary.as_json()["after_release_p50_ms"] is None
    assert summary.as_json()["wer"] is None


def test_the_summary_adds_up() -> None:
    clip = Clip("a", sound(2), "turn on the light")
    hearings = (Hearing(clip, "turn off the light", 0.5, 0.1), Hearing(clip, "turn on the light", 0.3, 0.09))
    summary = Summary("whisper", hearings)
    told = summary.as_json()
    assert told["wer"] == pytest.approx(1 / 8)
    assert told["real_time_factor"] == pytest.approx(0.2)
    assert told["left_after_release"] == pytest.approx(0.25)
    assert told["after_release_p50_ms"] == pytest.approx(95)
    assert "12.5 % of 8 words (1 substituted, 0 deleted, 0 inserted)" in summary.as_text()


def test_the_synthetic_clip_is_speech_enough_for_whisper_to_work_on(tmp_path: Path) -> None:
    async def scenario() -> Summary:
        stt = WhisperStt(make_whisper(tmp_path), "en", WhisperSettings(), cores=1)
        summary = await measure(stt, "whisper", [synthetic_clip(1.0)], post_roll_ms=0, fast=True)
        await stt.close()
        return summary

    assert asyncio.run(scenario()).hearings[0].text.startswith("w")


def bench(*arguments: str) -> int:
    """The command around engines made here."""

    @contextlib.asynccontextmanager
    async def recogniser(settings: Settings) -> AsyncIterator[SpeechToText]:
        stt = Counting()
        stt.name = "whisper"
        yield stt

    parser = argparse.ArgumentParser()
    cli_bench_stt.add_arguments(parser)
    return asyncio.run(cli_bench_stt.run(parser.parse_args(arguments), Settings(), recogniser))


def test_the_command_counts_wrong_words_in_both_contexts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wav(tmp_path / "a.wav", sound(0.5))
    (tmp_path / "a.txt").write_text(f"{(25 + 10) * FRAME_BYTES} bytes please")
    assert bench("--wer", str(tmp_path), "--contexts", "--fast", "--json") == 0
    full, fitted = map(json.loads, capsys.readouterr().out.splitlines())
    assert (full["engine"], fitted["engine"]) == ("whisper, full context", "whisper, fitted context")
    assert full["wer"] == pytest.approx(1 / 3, abs=1e-4)
    assert full["deleted"] == 1


def test_the_command_takes_the_time_of_one_recording_or_of_its_own_clip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_wav(tmp_path / "a.wav", sound(0.5))
    assert bench("--wav", str(tmp_path / "a.wav"), "--fast") == 0
    assert "1 recordings, 0.5 s of sound" in capsys.readouterr().out
    assert bench("--fast") == 0
    told = capsys.readouterr().out
    assert "5.0 s of sound" in told
    assert "word error rate" not in told


def test_a_folder_without_transcripts_is_told(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError):
        bench("--wer", str(tmp_path))
