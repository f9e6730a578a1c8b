"""Free speech, word by word: a streaming transducer by sherpa-onnx, decoding while the button is held."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from device.brain.loudness import Loudness
from device.brain.queued_listening import Intake, QueuedListening
from device.config import Sherpa
from device.contracts import RATE_HZ, Transcript
from device.errors import EngineMissing
from device.jobs import StopFlag, Worker

if TYPE_CHECKING:
    from sherpa_onnx import OnlineRecognizer

MOST_THREADS = 2
"""A chunk of such a model is too small for more."""

_TAIL_S = 0.66
"""Silence after the last frame, so that the last chunk is full: as in sherpa-onnx's own examples."""

_CERTAIN_FROM = 0.5
"""The geometric mean of the tokens' probabilities from which words are taken as certain."""

_METADATA = {"encoder": (b"model_type",), "decoder": (b"vocab_size", b"context_size"), "joiner": ()}
"""What sherpa-onnx ends the whole process without. It stands at the end of a file: a short one lacks it."""


class SherpaStt:
    """The `SpeechToText` port.

    The model lives in a thread of its own, and decodes chunk after chunk as the sound comes; the stop
    flag is looked at between chunks, which take some 10 to 100 ms each.
    """

    name = "sherpa"

    def __init__(self, model: Path, settings: Sherpa, cores: int) -> None:
        """`model`: a folder with the ONNX files of encoder, decoder and joiner, and with tokens.txt."""
        threads = settings.threads or min(MOST_THREADS, cores)
        self._worker = Worker("speech recogniser", lambda: _load(model, threads))

    async def load(self, deadline_s: float) -> None:
        """Load the model now rather than at the first utterance. Raises EngineMissing, StageTimeout."""
        await self._worker.load(deadline_s)

    def listen(self) -> QueuedListening[OnlineRecognizer]:
        return QueuedListening(self._worker, self._hear)

    async def close(self) -> None:
        await self._worker.close()

    def _hear(self, recogniser: OnlineRecognizer, intake: Intake, stop: StopFlag) -> Transcript:
        """In the worker's thread, until there are no more frames."""
        stream = recogniser.create_stream()
        loudness = Loudness()

        def take(samples: npt.NDArray[np.int16]) -> None:
            loudness.add(samples)
            stream.accept_waveform(RATE_HZ, samples.astype(np.float32) / 32768)
            while recogniser.is_ready(stream) and not stop:
                recogniser.decode_stream(stream)

        for pcm in intake.batches(stop):
            take(np.frombuffer(pcm, np.int16))
            intake.partial = _readable(recogniser.get_result(stream))
        take(np.zeros(int(_TAIL_S * RATE_HZ), np.int16))
        text = _readable(recogniser.get_result(stream))
        if not text:
            return Transcript("", self.name, 0.0, certain=False, speech=loudness.clear)
        confidence = _confidence(recogniser.ys_probs(stream))
        return Transcript(text, self.name, confidence, certain=confidence >= _CERTAIN_FROM)


def _readable(text: str) -> str:
    """Most of these models know capitals only."""
    return text.lower() if text.isupper() else text


def _confidence(logprobs: list[float]) -> float:
    return math.exp(sum(logprobs) / len(logprobs)) if logprobs else 0.0


def _load(folder: Path, threads: int) -> OnlineRecognizer:
    """Raises EngineMissing."""
    if not folder.is_dir():
        raise EngineMissing(
            f"There is no speech model in {folder}: fetch one, or name the folder that has it."
        )
    files = {part: str(_onnx_file(folder, part)) for part in _METADATA}
    tokens = _tokens_file(folder)
    try:
        from sherpa_onnx import OnlineRecognizer
    except ImportError as error:
        raise EngineMissing(
            "sherpa-onnx is not installed: install the voice extras, or choose engines.stt = pocketsphinx."
        ) from error
    try:
        return OnlineRecognizer.from_transducer(tokens=str(tokens), num_threads=threads, **files)
    except (RuntimeError, ValueError) as error:
        raise EngineMissing(
            f"The speech model in {folder} cannot be loaded ({error}): fetch it again."
        ) from error


def _onnx_file(folder: Path, part: str) -> Path:
    """The one with 8-bit weights where there is a choice. Raises EngineMissing."""
    found = sorted(
        folder.glob(f"*{part}*.onnx"), key=lambda file: (not file.name.endswith(".int8.onnx"), file)
    )
    if not found:
        raise EngineMissing(f"The speech model in {folder} lacks its {part}: fetch it again.")
    data = found[0].read_bytes()
    if not all(name in data for name in _METADATA[part]):
        raise EngineMissing(f"{found[0]} is damaged, or of no streaming transducer: fetch it again.")
    return found[0]


def _tokens_file(folder: Path) -> Path:
    """Lines of a symbol and its number. Raises EngineMissing."""
    file = folder / "tokens.txt"
    if not file.is_file():
        raise EngineMissing(f"The speech model in {folder} lacks tokens.txt: fetch it again.")
    lines = file.read_text("utf-8", errors="replace").splitlines()
    if not lines or not all(line.split()[-1:] and line.split()[-1].isdecimal() for line in lines):
        raise EngineMissing(f"{file} is damaged: fetch it again.")
    return file
