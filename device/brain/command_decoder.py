"""pocketsphinx on a grammar of commands, and beside it on free phones: blocking, for one thread.

The model is the American English one that the pocketsphinx wheel brings along. It wants each cepstrum
relative to the utterance's mean, which is not known while the utterance goes on; the mean of the
first second of speech serves as well (measured: docs/speech-commands.md).
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pocketsphinx

from device.brain.command_evidence import Evidence, Segment, weigh
from device.brain.speech_grammar import Grammar
from device.brain.speech_onset import STEP_SAMPLES, speech_span
from device.brain.word_automaton import Automaton, automaton
from device.contracts import RATE_HZ
from device.errors import EngineMissing, SttError

log = logging.getLogger(__name__)

PRONUNCIATIONS = Path(__file__).parent / "sentences" / "en" / "pronunciations.txt"

NOISE_BELOW_SPEECH_DB = 35.0
"""How far under the loudest of an utterance noise is laid: the model has never heard digital silence,
nor the clean closures of a synthetic voice. Of 54 clean synthetic commands 38 were right with it, 30
at 50 dB and 33 at 30 dB; the recordings of people did not care."""

MEAN_OVER_S = 1.0
"""The speech from which the cepstral mean is taken before decoding begins."""

SCORE_UNIT = 1024.0
"""pocketsphinx keeps the scores of both searches divided by 2 to the 10th (its SENSCR_SHIFT)."""

SETTINGS = {
    "lm": None,
    "loglevel": "FATAL",
    # Without it, a search through the word lattice took minutes for some sounds.
    "bestpath": False,
    # Likelihoods relative to the best of all senones, so that the two searches can be compared.
    "compallsen": True,
    # A cost for every word, against the many short ones. With it, and with arcs that share their
    # state's probability, 46 of 83 synthetic commands were right instead of 39.
    "wip": 0.05,
    # Bounds the search when everything fits equally badly.
    "maxhmmpf": 3000,
}


@dataclass(frozen=True, slots=True)
class Decoded:
    """The command that fits an utterance best, however badly, and how well."""

    text: str
    """Empty where none fits at all."""
    evidence: Evidence | None
    """None without a text."""
    loud: bool
    """Whether there was anything to hear."""


NOTHING = Decoded("", None, loud=False)


def read_pronunciations(file: Path = PRONUNCIATIONS) -> dict[str, str]:
    """Words of our own: each line a word and its ARPABET phones, `#` begins a comment."""
    lines = (line.partition("#")[0].split() for line in file.read_text("utf-8").splitlines())
    return {word: " ".join(phones) for word, *phones in filter(None, lines)}


class CommandDecoder:
    """Decodes one utterance after the other. Never share one between threads.

    Raises EngineMissing when the model cannot be loaded, SttError when no sentence of the grammar
    can be recognised. Words without a pronunciation are warned of, and what needs them is left out.
    """

    def __init__(self, grammar: Grammar, pronunciations: Mapping[str, str]) -> None:
        try:
            self._commands = pocketsphinx.Decoder(**SETTINGS)
            self._phones = pocketsphinx.Decoder(**SETTINGS)
            self._phones.add_allphone_file("phones", None)
            self._phones.activate_search("phones")
        except (RuntimeError, ValueError) as error:
            raise EngineMissing("The speech model of pocketsphinx cannot be loaded.") from error
        self._add_words(pronunciations)
        self.unknown_words = frozenset(
            word for word in grammar.words() if self._commands.lookup_word(word) is None
        )
        self._machine = automaton(grammar.without(self.unknown_words))
        self._use_grammar()
        self._reset()

    def _add_words(self, pronunciations: Mapping[str, str]) -> None:
        for word, phones in pronunciations.items():
            if self._commands.lookup_word(word) is None:
                self._commands.add_word(word, phones, update=False)

    def _use_grammar(self) -> None:
        if self.unknown_words:
            words = ", ".join(sorted(self.unknown_words))
            log.warning("commands with these words cannot be recognised by voice: %s", words)
        if not self._machine.finals:
            raise SttError("There is no command that could be recognised by voice.")
        try:
            model = self._commands.create_fsg("commands", *_transitions(self._machine))
            self._commands.add_fsg("commands", model)
            self._commands.activate_search("commands")
        except (RuntimeError, ValueError) as error:
            raise SttError("The grammar of the speech commands cannot be used.") from error

    def _reset(self) -> None:
        self._noise = np.random.default_rng(0)
        self._noise_level = 0.0
        self._waiting = np.zeros(0, np.int16)
        self._decoding = False

    def start(self) -> None:
        """Begin an utterance; one that was not finished is forgotten."""
        if self._decoding:
            self._end()
        self._reset()

    def feed(self, pcm: bytes) -> None:
        """Take a block of 16 kHz mono int16 and decode what can be, in a tenth of its time on a desktop."""
        block = np.frombuffer(pcm, np.int16)
        if self._decoding:
            self._process(block)
            return
        self._waiting = np.concatenate([self._waiting, block])
        if len(self._waiting) >= MEAN_OVER_S * RATE_HZ:
            self._begin_when(MEAN_OVER_S)

    @property
    def partial(self) -> str:
        """The words so far."""
        return self._hypothesis() if self._decoding else ""

    def finish(self) -> Decoded:
        """End the utterance."""
        if not self._decoding:
            self._begin_when(0.0)
        if not self._decoding:
            return NOTHING
        self._end()
        text = self._hypothesis()
        if not text or not self._machine.accepts(text):
            return Decoded("", None, loud=True)
        return Decoded(text, self._evidence(), loud=True)

    def _above_noise(self, samples: npt.NDArray[np.int16]) -> bytes:
        noisy = samples + self._noise.normal(0.0, self._noise_level, len(samples))
        return np.clip(noisy, -32768, 32767).astype(np.int16).tobytes()

    def _begin_when(self, speech_s: float) -> None:
        """Begin to decode, from where speech began, if there is that much of it."""
        span = speech_span(self._waiting)
        if span is None or span.end - span.start < max(STEP_SAMPLES * 5, speech_s * RATE_HZ):
            return
        self._noise_level = 10 ** ((span.loudest_db - NOISE_BELOW_SPEECH_DB) / 20)
        speech = self._waiting[span.start :]
        mean = self._cepstral_mean(self._waiting[span.start : span.end])
        for decoder in (self._commands, self._phones):
            decoder.reinit_feat()
            decoder.set_cmn(mean)
            decoder.start_utt()
        self._decoding = True
        self._process(speech)
        self._waiting = np.zeros(0, np.int16)

    def _cepstral_mean(self, speech: npt.NDArray[np.int16]) -> str:
        self._phones.reinit_feat()
        self._phones.start_utt()
        self._phones.process_raw(self._above_noise(speech), no_search=True, full_utt=True)
        self._phones.end_utt()
        mean: str = self._phones.get_cmn()
        return mean

    def _process(self, samples: npt.NDArray[np.int16]) -> None:
        noisy = self._above_noise(samples)
        for decoder in (self._commands, self._phones):
            decoder.process_raw(noisy)

    def _end(self) -> None:
        self._decoding = False
        for decoder in (self._commands, self._phones):
            decoder.end_utt()

    def _hypothesis(self) -> str:
        found = self._commands.hyp()
        return found.hypstr if found is not None else ""

    def _evidence(self) -> Evidence:
        words = [part for part in _segments(self._commands) if part.label[0] not in "<[(+"]
        expected = [phone for word in words for phone in str(self._commands.lookup_word(word.label)).split()]
        return weigh(words, expected, _segments(self._phones))


def _segments(decoder: pocketsphinx.Decoder) -> list[Segment]:
    return [
        Segment(part.word, part.start_frame, part.end_frame, _log(part.ascore))
        for part in decoder.seg() or ()
    ]


def _log(scaled_likelihood: float) -> float:
    return math.log(max(scaled_likelihood, 1e-300)) * SCORE_UNIT


Arc = tuple[int, int, float] | tuple[int, int, float, str]


def _transitions(machine: Automaton) -> tuple[int, int, list[Arc]]:
    """Start, end and arcs as pocketsphinx wants them: one final state, reached without a word.

    The words that may follow share their state's probability, so that a word where much may follow,
    like the beginning of a polite phrase, has to be heard the better.
    """
    end = machine.states
    arcs: Iterable[Arc] = (
        (state, target, 1 / len(out), word)
        for state, out in machine.arcs.items()
        for word, target in out.items()
    )
    return machine.start, end, [*arcs, *((final, end, 1.0) for final in sorted(machine.finals))]
