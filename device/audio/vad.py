"""Is somebody speaking? webrtcvad is the cheap first stage; where it says yes, Silero confirms.

webrtcvad alone takes most noise for speech (62 to 72 % of the noise frames of real recordings in its
modes); Silero almost none of it, at 50 times the cost. It runs only from the frames on that webrtcvad
lets through, and is given the moment before them, so that it never starts in mid-word.
"""

from __future__ import annotations

import importlib.util
from collections import deque
from pathlib import Path
from typing import Any

import numpy as np
import webrtcvad

from device.contracts import FRAME_MS, RATE_HZ, Frame
from device.errors import EngineMissing
from device.ports import VoiceDetector

MODE = 2
"""webrtcvad's aggressiveness, 0 to 3."""

SILERO_WINDOW = 512
SILERO_CONTEXT = 64
"""Samples that Silero v6 wants for each step at 16 kHz, and from the step before."""
SILERO_BEGINS_AT, SILERO_LASTS_AT = 0.5, 0.35
"""Probabilities from which speech begins, and down to which it lasts, as Silero's own code has them
(snakers4/silero-vad, get_speech_timestamps)."""

LOOKBACK_MS = 200
"""How much of the past Silero hears when webrtcvad wakes it."""
HANGOVER_MS = 400
"""How long Silero stays awake after webrtcvad's last yes."""


class WebrtcDetector:
    """About 3 µs a frame."""

    name = "webrtcvad"

    def __init__(self, mode: int = MODE) -> None:
        self._mode = mode
        self.reset()

    def is_speech(self, frame: Frame) -> bool:
        return bool(self._vad.is_speech(frame.pcm, RATE_HZ))

    def reset(self) -> None:
        self._vad = webrtcvad.Vad(self._mode)


class SileroDetector:
    """About 170 µs for each of its windows of 32 ms."""

    name = "Silero"

    def __init__(self, model: Path | None = None) -> None:
        """Raises EngineMissing when onnxruntime or the model is not there."""
        model = model or bundled_model()  # in the form that faster-whisper ships: input, h, c
        if model is None or importlib.util.find_spec("onnxruntime") is None:
            raise EngineMissing("Silero is not installed here: run make silero.")
        self._session = _open(model)
        self._waiting: np.ndarray
        self._speech: bool
        self.reset()

    def is_speech(self, frame: Frame) -> bool:
        """The judgement of the last whole window."""
        self._waiting = np.concatenate((self._waiting, _floats(frame)))
        while len(self._waiting) >= SILERO_WINDOW:
            window, self._waiting = self._waiting[:SILERO_WINDOW], self._waiting[SILERO_WINDOW:]
            enough = SILERO_LASTS_AT if self._speech else SILERO_BEGINS_AT
            self._speech = self._probability(window) >= enough
        return self._speech

    def reset(self) -> None:
        self._waiting = np.zeros(0, np.float32)
        self._context = np.zeros(SILERO_CONTEXT, np.float32)
        self._hidden = self._cell = np.zeros((1, 1, 128), np.float32)
        self._speech = False

    def _probability(self, window: np.ndarray) -> float:
        given = np.concatenate((self._context, window))[None, :]
        self._context = window[-SILERO_CONTEXT:]
        inputs = {"input": given, "h": self._hidden, "c": self._cell}
        probability, self._hidden, self._cell = self._session.run(None, inputs)
        return float(probability[0])


class TwoStageDetector:
    """`confirm` decides, but only where `cheap` sees a reason to ask it."""

    def __init__(self, cheap: VoiceDetector, confirm: VoiceDetector) -> None:
        self.name = f"{cheap.name} and {confirm.name}"
        self._cheap = cheap
        self._confirm = confirm
        self._past: deque[Frame] = deque(maxlen=LOOKBACK_MS // FRAME_MS)
        self._awake_frames = 0

    def is_speech(self, frame: Frame) -> bool:
        if self._cheap.is_speech(frame):
            if not self._awake_frames:
                self._wake()
            self._awake_frames = HANGOVER_MS // FRAME_MS
        elif self._awake_frames:
            self._awake_frames -= 1
        if self._awake_frames:
            return self._confirm.is_speech(frame)
        self._past.append(frame)
        return False

    def reset(self) -> None:
        self._cheap.reset()
        self._confirm.reset()
        self._past.clear()
        self._awake_frames = 0

    def _wake(self) -> None:
        self._confirm.reset()
        for frame in self._past:
            self._confirm.is_speech(frame)
        self._past.clear()


def best_detector(choice: str) -> VoiceDetector:
    """By `engines.vad`: auto confirms with Silero where it is installed. Raises EngineMissing."""
    if choice == "webrtc":
        return WebrtcDetector()
    try:
        return TwoStageDetector(WebrtcDetector(), SileroDetector())
    except EngineMissing:
        if choice == "silero":
            raise
        return WebrtcDetector()


def bundled_model() -> Path | None:
    """The model in the faster-whisper package, found without importing that package."""
    found = importlib.util.find_spec("faster_whisper")
    if found is None or not found.submodule_search_locations:
        return None
    return next(Path(found.submodule_search_locations[0]).glob("assets/silero_vad*.onnx"), None)


def _open(model: Path) -> Any:
    """One thread and no spinning: it runs beside everything else. Raises EngineMissing."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no ancestor of their own
        raise EngineMissing(f"{model} cannot be loaded by ONNX Runtime: install it again.") from error
    if [entry.name for entry in session.get_inputs()] != ["input", "h", "c"]:
        raise EngineMissing(f"{model} is not Silero 6 as faster-whisper ships it.")
    return session


def _floats(frame: Frame) -> np.ndarray:
    return np.frombuffer(frame.pcm, "<i2").astype(np.float32) / 32768
