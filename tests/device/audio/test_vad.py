from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from device.audio.endpointer import Endpointer
from device.audio.recording import read
from device.audio.vad import (
    HANGOVER_MS,
    LOOKBACK_MS,
    SileroDetector,
    TwoStageDetector,
    WebrtcDetector,
    best_detector,
    bundled_model,
)
from device.contracts import FRAME_BYTES, FRAME_MS, Audio, Frame
from device.errors import EngineMissing
from device.ports import VoiceDetector
from tests.device.audio.sounds import frames, samples, tone

LOOKBACK, HANGOVER = LOOKBACK_MS // FRAME_MS, HANGOVER_MS // FRAME_MS

silero = pytest.mark.skipif(
    bundled_model() is None or importlib.util.find_spec("onnxruntime") is None,
    reason="needs twominds[silero]",
)
SILENCE = Frame(bytes(FRAME_BYTES), 0.0)
IMPORTED = """
import sys
from device.audio.vad import best_detector
best_detector("silero")
print("faster_whisper" in sys.modules)
"""


@dataclass
class ScriptedDetector:
    """Gives the verdicts it was told and keeps the frames that it was asked about; None for a reset."""

    verdicts: Iterator[bool] = field(default_factory=lambda: iter(()))
    seen: list[float | None] = field(default_factory=list)
    name: str = "scripted"

    def is_speech(self, frame: Frame) -> bool:
        self.seen.append(frame.captured_s)
        return next(self.verdicts, True)

    def reset(self) -> None:
        self.seen.append(None)


def numbered(count: int) -> list[Frame]:
    return [Frame(bytes(FRAME_BYTES), float(number)) for number in range(count)]


class TestTwoStages:
    def judge(
        self, cheap: list[bool], confirm: list[bool] | None = None
    ) -> tuple[list[bool], list[float | None]]:
        second = ScriptedDetector(iter(confirm or ()))
        detector = TwoStageDetector(ScriptedDetector(iter(cheap)), second)
        return [detector.is_speech(frame) for frame in numbered(len(cheap))], second.seen

    def test_while_the_cheap_one_hears_nothing_the_other_is_not_asked(self) -> None:
        assert self.judge([False] * 100) == ([False] * 100, [])

    def test_it_is_woken_with_the_frames_before(self) -> None:
        verdicts, seen = self.judge([False] * 50 + [True])
        assert verdicts == [False] * 50 + [True]
        assert seen == [None, *map(float, range(50 - LOOKBACK, 51))]

    def test_its_word_counts(self) -> None:
        verdicts, _ = self.judge([True] * 4, [False, True, True, False])
        assert verdicts == [False, True, True, False]

    def test_it_stays_awake_through_a_short_pause_and_hears_it_whole(self) -> None:
        pause = HANGOVER - 1
        _, seen = self.judge([True, *[False] * pause, True])
        assert seen == [None, *map(float, range(pause + 2))]

    def test_after_a_long_pause_it_sleeps_and_is_woken_anew(self) -> None:
        pause = HANGOVER + 100
        verdicts, seen = self.judge([True, *[False] * pause, True])
        assert seen.count(None) == 2
        assert not any(verdicts[HANGOVER + 1 : -1])
        assert seen[seen.index(None, 1) + 1] == pause + 1 - LOOKBACK

    def test_a_reset_forgets_both_and_the_past(self) -> None:
        cheap, confirm = ScriptedDetector(iter([False] * 5 + [True])), ScriptedDetector()
        detector = TwoStageDetector(cheap, confirm)
        for frame in numbered(5):
            detector.is_speech(frame)
        detector.reset()
        assert (cheap.seen[-1], confirm.seen) == (None, [None])
        detector.is_speech(Frame(bytes(FRAME_BYTES), 99.0))
        assert confirm.seen == [None, None, 99.0]


def detectors() -> list[VoiceDetector]:
    found: list[VoiceDetector] = [WebrtcDetector()]
    if bundled_model() is not None and importlib.util.find_spec("onnxruntime") is not None:
        found += [SileroDetector(), best_detector("silero")]
    return found


@pytest.mark.parametrize("detector", detectors(), ids=lambda detector: detector.name)
class TestEveryDetector:
    def test_digital_silence_is_no_speech(self, detector: VoiceDetector) -> None:
        detector.reset()
        assert not any([detector.is_speech(SILENCE) for _ in range(100)][20:])

    def test_a_reset_makes_it_begin_anew(self, detector: VoiceDetector) -> None:
        sound = frames(tone(200, 1.0))
        detector.reset()
        first = [detector.is_speech(frame) for frame in sound]
        detector.reset()
        assert [detector.is_speech(frame) for frame in sound] == first

    @pytest.mark.parametrize("folder", ["speech_child", "speech_l2_adult"])
    def test_people_are_heard(self, detector: VoiceDetector, folder: str, shared_data: Path) -> None:
        clips = sorted((shared_data / folder).glob("*.wav"))
        assert clips
        heard = [heard_speech(detector, read(clip)) for clip in clips]
        assert sum(heard) >= 0.95 * len(clips)


def heard_speech(detector: VoiceDetector, audio: Audio) -> bool:
    """Whether the two together, as in a turn, find speech in it."""
    endpointer = Endpointer(None, 10**6)
    detector.reset()
    for frame in frames(audio):
        endpointer.step(detector.is_speech(frame))
    return endpointer.heard_speech


def speech_share(detector: VoiceDetector, folder: Path) -> float:
    verdicts = []
    for clip in sorted(folder.glob("*.wav")):
        detector.reset()
        verdicts += [detector.is_speech(frame) for frame in frames(read(clip))]
    return sum(verdicts) / len(verdicts)


def verdicts_of_the_whole(audio: Audio) -> list[bool]:
    """All windows in one run of the network, each behind the 64 samples before it, then by frame."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(bundled_model()))
    sound = np.concatenate((np.zeros(64, np.float32), samples(audio).astype(np.float32) / 32_768))
    windows = np.lib.stride_tricks.sliding_window_view(sound, 576)[::512]
    zeros = np.zeros((1, 1, 128), np.float32)
    probabilities, *_ = session.run(None, {"input": windows, "h": zeros, "c": zeros})
    states = [False]
    for probability in probabilities.ravel():
        states.append(bool(probability >= (0.35 if states[-1] else 0.5)))
    return [states[320 * (frame + 1) // 512] for frame in range(len(audio.pcm) // FRAME_BYTES)]


@silero
class TestSilero:
    def test_noise_is_seldom_speech(self, shared_data: Path) -> None:
        cheap = speech_share(WebrtcDetector(), shared_data / "noise")
        assert speech_share(best_detector("auto"), shared_data / "noise") < 0.05 < cheap

    def test_the_first_stage_costs_it_no_speech(self, shared_data: Path) -> None:
        alone = speech_share(SileroDetector(), shared_data / "speech_child")
        staged = speech_share(best_detector("silero"), shared_data / "speech_child")
        assert staged == pytest.approx(alone, abs=0.02)

    def test_piece_by_piece_it_says_what_it_says_of_the_whole(self, shared_data: Path) -> None:
        for clip in sorted((shared_data / "speech_child").glob("*.wav"))[:10]:
            audio = read(clip)
            detector, verdicts = SileroDetector(), []
            for frame in frames(audio):
                verdicts.append(detector.is_speech(frame))
            assert verdicts == verdicts_of_the_whole(audio)[: len(verdicts)]

    def test_its_package_is_not_imported(self) -> None:
        told = subprocess.run(
            [sys.executable, "-c", IMPORTED], capture_output=True, text=True, check=True, timeout=60
        )
        assert told.stdout == "False\n"

    def test_a_file_that_is_no_model_is_refused(self, tmp_path: Path) -> None:
        model = tmp_path / "model.onnx"
        model.write_bytes(b"no model")
        with pytest.raises(EngineMissing, match="cannot be loaded"):
            SileroDetector(model)

    def test_another_version_is_refused(self, shared_data: Path) -> None:
        with pytest.raises(EngineMissing, match="is not Silero 6"):
            SileroDetector(shared_data / "silero" / "silero_vad.onnx")


def test_webrtc_alone_can_be_asked_for() -> None:
    assert best_detector("webrtc").name == "webrtcvad"
