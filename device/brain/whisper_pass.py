"""One pass of Whisper over a piece of sound: features, encoder, decoder, text, and how it looks.

It goes through the parts of faster-whisper's model rather than its `transcribe`, which pads every
piece of sound to 30 s; and through arrays only, so that no file is ever decoded by it.
"""

from __future__ import annotations

import math
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from device.config import Whisper
from device.contracts import RATE_HZ
from device.errors import EngineMissing

if TYPE_CHECKING:
    from faster_whisper import WhisperModel

LONGEST_S = 30.0
"""What Whisper takes in at once (Radford et al. 2022, section 2.2)."""

FULL_FRAMES = 3000
"""Those 30 s as mel frames of 10 ms; the encoder makes one position of every two."""

_FULL_POSITIONS = FULL_FRAMES // 2
_SPARE_POSITIONS = 128
"""The rule that users of whisper.cpp settled on (ggml-org/whisper.cpp issue 1855): as many positions
as the sound has, and 128 more; with fewer, the decoder tends not to find an end."""

_TOKENS_PER_S = 10
_SPARE_TOKENS = 12
_MOST_TOKENS = 224
"""Bounds of what one pass may write. Fast English is some 5 words, 7 tokens, a second; 224 is half
of Whisper's text context, its own bound. What writes more than that is going round in a loop."""

_REPETITIVE_FROM = 2.4
_UNLIKELY_BELOW = -1.0
_SILENT_FROM = 0.6
"""Above this compression ratio a text repeats itself, below this mean log-probability it is a guess,
and a guess above this probability of no speech is none at all: the thresholds of Whisper's own
transcription (Radford et al. 2022, section 4.5)."""

_CERTAINLY_SILENT_FROM = 0.8
"""Beyond this, even words that it is sure of are made up: on noise it is sure of "you"."""

_NEEDED_FILES = ("model.bin", "tokenizer.json")

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Pass:
    """What one pass over a piece of sound gave."""

    text: str
    """Without special tokens, stripped."""
    tokens: int
    mean_logprob: float
    """Of its tokens and of the end, natural logarithm."""
    no_speech_prob: float
    cut_short: bool
    """The bound on tokens was reached before the end."""

    @property
    def loops(self) -> bool:
        """It repeats itself, or did not find an end."""
        return self.cut_short or _compression(self.text) > _REPETITIVE_FROM

    @property
    def plausible(self) -> bool:
        return not self.loops and self.mean_logprob >= _UNLIKELY_BELOW

    @property
    def silent(self) -> bool:
        """Whisper itself does not think that these words were spoken."""
        if self.no_speech_prob > _CERTAINLY_SILENT_FROM:
            return True
        return self.no_speech_prob > _SILENT_FROM and self.mean_logprob < _UNLIKELY_BELOW


class WhisperPasses:
    """A loaded model. Lives in one thread; no call can be stopped midway.

    A pass takes as long as the board needs for 30 s of context in `full`; in `fitted` less, but
    both when the fitted one looks wrong.
    """

    def __init__(self, folder: Path, language: str, settings: Whisper, threads: int) -> None:
        """Load a model in CTranslate2 form and try it on silence. Never uses the network.

        Raises EngineMissing.
        """
        self._fitted = settings.context == "fitted"
        self._beam_size = settings.beam_size
        self.took_s = 0.0
        """How long the last pass took."""
        self._model = _load(folder, threads)
        try:
            self._prepare(language)
            self.transcribe(np.zeros(RATE_HZ, np.int16))
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise EngineMissing(
                f"The speech model in {folder} does not fit together ({error}): fetch it again."
            ) from error

    def transcribe(self, samples: Samples) -> Pass:
        """The words in up to 30 s of 16 kHz sound. Raises RuntimeError when CTranslate2 fails."""
        begun_s = time.perf_counter()
        heard = self._transcribe(samples)
        self.took_s = time.perf_counter() - begun_s
        return heard

    def _transcribe(self, samples: Samples) -> Pass:
        frames = frames_for(len(samples)) if self._fitted else FULL_FRAMES
        features = self._model.feature_extractor(samples.astype(np.float32) / 32768)
        heard = self._pass(features, frames, len(samples))
        if frames < FULL_FRAMES and not heard.plausible:
            return self._pass(features, FULL_FRAMES, len(samples))
        return heard

    def _prepare(self, language: str) -> None:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        multilingual = self._model.model.is_multilingual
        self._tokenizer = Tokenizer(self._model.hf_tokenizer, multilingual, "transcribe", language)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._suppressed = list(get_suppressed_tokens(self._tokenizer, [-1]))

    def _pass(self, features: npt.NDArray[np.float32], frames: int, samples: int) -> Pass:
        """`features`: mel bands × frames of 10 ms; with zeros after them, as Whisper's own code has it."""
        from faster_whisper.audio import pad_or_trim

        most_tokens = most_tokens_for(samples)
        result = self._model.model.generate(
            self._model.encode(pad_or_trim(features, frames)),
            [self._prompt],
            beam_size=self._beam_size,
            max_length=2 * most_tokens,  # CTranslate2 writes half of it, as Whisper's context is half prompt
            suppress_tokens=self._suppressed,
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = result.sequences_ids[0]
        return Pass(
            text=self._tokenizer.decode(tokens).strip(),
            tokens=len(tokens),
            mean_logprob=result.scores[0] * len(tokens) / (len(tokens) + 1),
            no_speech_prob=result.no_speech_prob,
            cut_short=len(tokens) >= most_tokens,
        )


def frames_for(samples: int) -> int:
    """The mel frames of a fitted context for so much 16 kHz sound."""
    positions = math.ceil(_FULL_POSITIONS * samples / RATE_HZ / LONGEST_S) + _SPARE_POSITIONS
    return 2 * min(_FULL_POSITIONS, positions)


def most_tokens_for(samples: int) -> int:
    """How many tokens can have been spoken in so much 16 kHz sound."""
    return min(_MOST_TOKENS, _SPARE_TOKENS + math.ceil(_TOKENS_PER_S * samples / RATE_HZ))


def _compression(text: str) -> float:
    """How many times smaller a text becomes: 1 for short ones, more for what repeats itself."""
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _load(folder: Path, threads: int) -> WhisperModel:
    """Raises EngineMissing."""
    if not folder.is_dir():
        raise EngineMissing(
            f"There is no speech model in {folder}: fetch one, or name the folder that has it."
        )
    for name in _NEEDED_FILES:
        if not (folder / name).is_file():
            raise EngineMissing(f"The speech model in {folder} lacks {name}: fetch it again.")
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise EngineMissing(
            "faster-whisper is not installed: install the voice extras, or choose engines.stt = pocketsphinx."
        ) from error
    try:
        return WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=threads,
            num_workers=1,
            local_files_only=True,
        )
    except Exception as error:  # tokenizers raises the plain Exception
        raise EngineMissing(
            f"The speech model in {folder} cannot be loaded ({error}): fetch it again."
        ) from error
