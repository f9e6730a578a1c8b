"""A piper voice in ONNX Runtime, loaded with our own options; lives in a worker's thread.

Traps of piper-tts 1.8 that this goes round: `PiperVoice.load` ignores session options, so that ONNX
Runtime would take all cores and spin on them; `synthesize` scales each sentence to full range and cannot
be broken off; each phoneme that a voice lacks is a warning with a piece of what is said; the speaker of a
voice with one speaker is ignored, an impossible one of several fails only when it speaks.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from device.brain.piper_bridge import mend
from device.brain.voice_level import faded, gain_to_target, limited, speech_level
from device.contracts import Audio
from device.errors import EngineMissing, SettingsError, TtsError
from device.jobs import StopFlag

MOST_THREADS = 4
"""As many cores as the boards have that this runs on."""
LONGEST_PHONEMES = 400
"""Of one inference, some 30 s of speech: a voice's memory grows with the square of this."""
SHORTEST_PHONEMES = 40
"""Some 3 s: cut shorter than this, a sentence falls apart, however slow the board is."""
EDGE_MS = 5
"""Each sentence fades in and out over this, so that a join does not click."""

_READABLE = ("espeak", "text")
"""Ways to phonemes that need nothing more; piper's others fetch models or need packages of their own."""
_PAUSES = frozenset(",;:—")
_RATES_HZ = range(8_000, 48_001)
_FIRST_WORDS = "Hello, I am warming up my voice, so that we can talk with each other."
_FATAL_ONLY = 4


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said."""

    length: float = 1.0
    """Times the voice's own length of sounds: 2 is half as fast."""
    variation: float = 0.667
    """noise_scale: how much the sound varies."""
    rhythm: float = 0.8
    """noise_w: how much the length of sounds varies."""


class PiperEngine:
    """One voice, warm: the first inference, which is slow, was done when this was made."""

    def __init__(self, model: Path, speaker: str, threads: int, manner: Manner, part_s: float) -> None:
        """Loading and warming up take some 0.1 s with a tiny voice and seconds with a large one.

        How loud it speaks in `manner` sets the gain for everything it will say, and how fast it works
        how much it takes at once: what it can make within `part_s` (seconds). Raises EngineMissing
        when piper or the voice cannot be used, SettingsError for a speaker that the voice has not.
        """
        config = _read_config(model)
        self._session = _StoppableSession(_open(model, threads))
        self._voice = _voice(model, self._session, config)
        self._rate_hz: int = self._voice.config.sample_rate
        self._speaker = _speaker_number(speaker, self._voice.config)
        self._gain = 1.0
        self._longest = LONGEST_PHONEMES
        self._warm_up(model, manner, part_s)

    def speak(self, words: str, manner: Manner, stop: StopFlag) -> Iterator[Audio]:
        """The sound of each sentence as it is ready, long ones in parts; none if it has no sound here.

        Stops between two operations of the network; a runtime that did not look at the flag would stop
        after the part under way. Before that come the phonemes, which hold the interpreter's lock:
        half a millisecond for the longest clause on a desktop core. Raises TtsError.
        """
        self._session.listen_to(stop)
        try:
            for phonemes in self._voice.phonemize(words):
                for part in parts(phonemes, self._longest):
                    if stop:
                        return
                    sound = self._shape(self._infer(part, manner))
                    yield Audio(sound.tobytes(), self._rate_hz)
        except TtsError:
            raise
        except Exception as error:  # ONNX Runtime's errors have no ancestor of their own
            if not stop:
                raise TtsError("The voice (piper) failed on a clause.") from error

    def _infer(self, phonemes: list[str], manner: Manner) -> np.ndarray:
        """Samples as floats, as the network gives them."""
        from piper.config import SynthesisConfig

        chosen = SynthesisConfig(
            speaker_id=self._speaker,
            length_scale=self._voice.config.length_scale * manner.length,
            noise_scale=manner.variation,
            noise_w_scale=manner.rhythm,
        )
        ids = self._voice.phonemes_to_ids(phonemes)
        sound: np.ndarray = np.atleast_1d(self._voice.phoneme_ids_to_audio(ids, chosen)).astype(np.float32)
        if sound.ndim != 1 or not np.isfinite(sound).all():
            raise TtsError("The voice (piper) gave something that is not sound.")
        return sound

    def _shape(self, sound: np.ndarray) -> np.ndarray:
        """int16 at the level of every other sentence, its edges at zero."""
        even = limited(sound * self._gain)
        return np.asarray(faded(even, EDGE_MS * self._rate_hz // 1000) * 32_767, np.int16)

    def _warm_up(self, model: Path, manner: Manner, part_s: float) -> None:
        """Speak for nobody: proves that this is a voice, and measures how loud and how fast it is."""
        try:
            phonemes = list(chain.from_iterable(self._voice.phonemize(_FIRST_WORDS)))
            self._infer(phonemes, manner)  # the first one is slow, so it is not the measure
            begun_s = time.monotonic()
            sound = self._infer(phonemes, manner)
        except Exception as error:  # whatever a file that is no voice brings about
            raise _unusable(model, "does not speak as a piper voice does") from error
        took_s = max(time.monotonic() - begun_s, 1e-6)
        affordable = int(len(phonemes) * part_s / took_s)
        self._longest = min(max(affordable, SHORTEST_PHONEMES), LONGEST_PHONEMES)
        self._gain = gain_to_target(speech_level(sound, self._rate_hz))


class _StoppableSession:
    """What piper takes for its session: the same, but a run under way can be broken off."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._options: Any = None

    def listen_to(self, stop: StopFlag) -> None:
        """Runs from here on end early when the flag is set; ONNX Runtime then raises."""
        import onnxruntime

        options = onnxruntime.RunOptions()
        options.log_severity_level = _FATAL_ONLY  # a run that is broken off is no error here
        self._options = options
        stop.when_set(lambda: setattr(options, "terminate", True))

    def run(self, outputs: list[str] | None, inputs: dict[str, np.ndarray]) -> Any:
        return self._session.run(outputs, inputs, self._options)


def config_path(model: Path) -> Path:
    """The JSON that belongs to a voice: beside it, `.json` after its whole name."""
    return model.with_name(model.name + ".json")


def parts(phonemes: list[str], longest: int) -> Iterator[list[str]]:
    """A sentence in parts of at most so many phonemes, cut at a pause or else between words."""
    while len(phonemes) > longest:
        cut = _last(_PAUSES, phonemes[:longest]) or _last({" "}, phonemes[:longest]) or longest
        yield phonemes[:cut]
        phonemes = phonemes[cut:]
    if phonemes:
        yield phonemes


def _last(signs: AbstractSet[str], phonemes: list[str]) -> int:
    """Where the last of these signs ends, in the second half; 0 where there is none."""
    places = (at for at in range(len(phonemes) - 1, len(phonemes) // 2, -1) if phonemes[at] in signs)
    return next(places, -1) + 1


def session_options(threads: int) -> Any:
    """ONNX Runtime's options: so many threads, which sleep while there is nothing to do.

    Spinning threads take the cores from speech recognition and the sound card. Without memory
    patterns, because every clause has another length and each would be remembered.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.enable_mem_pattern = False
    options.log_severity_level = _FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options


def threads_for(setting: int, cores: int) -> int:
    """As many as were set; at 0 all cores but one, which is left to the rest."""
    return setting or max(1, min(cores - 1, MOST_THREADS))


def _open(model: Path, threads: int) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise _no_package() from error
    try:
        return onnxruntime.InferenceSession(
            str(model), session_options(threads), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # ONNX Runtime's errors have no ancestor of their own
        raise _unusable(model, "cannot be loaded by ONNX Runtime") from error


def _read_config(model: Path) -> dict[str, Any]:
    """The JSON beside the model."""
    path = config_path(model)
    for file in (model, path):
        if not file.is_file():
            raise EngineMissing(
                f"There is no voice at {file}: fetch it again, or choose another piper.model."
            )
    try:
        config = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(path, "cannot be read as JSON") from error
    if not isinstance(config, dict) or config.get("phoneme_type", "espeak") not in _READABLE:
        raise _unusable(path, "is not of a piper voice that can be used here")
    return config


def _voice(model: Path, session: _StoppableSession, config: dict[str, Any]) -> Any:
    try:
        from piper import PiperVoice
        from piper.config import PiperConfig
    except ImportError as error:
        raise _no_package() from error
    mend()
    logging.getLogger("piper.phoneme_ids").setLevel(logging.ERROR)
    try:
        voice = PiperVoice(session=session, config=PiperConfig.from_dict(config))
        if voice.config.sample_rate in _RATES_HZ and {"^", "_", "$"} <= set(voice.config.phoneme_id_map):
            return voice
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _unusable(model, "has a JSON that is not of a piper voice") from error
    raise _unusable(model, "has a JSON that is not of a piper voice")


def _speaker_number(speaker: str, config: Any) -> int | None:
    """By its name, or by its number from 0; None where none was chosen."""
    if not speaker:
        return None
    if speaker in config.speaker_id_map:
        return int(config.speaker_id_map[speaker])
    if speaker.isdecimal() and int(speaker) < config.num_speakers:
        return int(speaker)
    names = ", ".join(sorted(config.speaker_id_map)[:10])
    choice = f"a number below {config.num_speakers}" + (f" or one of {names}" if names else "")
    raise SettingsError(f"piper.speaker is {speaker!r}: choose {choice}, or leave it empty.")


def _no_package() -> EngineMissing:
    return EngineMissing("piper is not installed here: install the voice extras.")


def _unusable(file: Path, why: str) -> EngineMissing:
    return EngineMissing(f"{file} {why}: fetch the voice again, or choose another piper.model.")
