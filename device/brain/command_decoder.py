"""pocketsphinx on a grammar of commands: blocking, for one thread.

The model is the American English one that the pocketsphinx wheel brings along.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pocketsphinx

from device.brain.speech_grammar import Grammar
from device.brain.word_automaton import Automaton, automaton
from device.errors import EngineMissing, SttError

log = logging.getLogger(__name__)

NOISE_FLOOR = 4.0
"""Standard deviation of the noise under every recording, of 32768: digital silence has no logarithm."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The command that fits an utterance best, however badly; empty where nothing fits at all."""

    text: str


def read_pronunciations(file: Path) -> dict[str, str]:
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
            self._decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
        except (RuntimeError, ValueError) as error:
            raise EngineMissing("The speech model of pocketsphinx cannot be loaded.") from error
        self._add_words(pronunciations)
        self.unknown_words = frozenset(
            word for word in grammar.words() if self._decoder.lookup_word(word) is None
        )
        self._use(grammar.without(self.unknown_words))
        self._noise = np.random.default_rng(0)

    def _add_words(self, pronunciations: Mapping[str, str]) -> None:
        for word, phones in pronunciations.items():
            if self._decoder.lookup_word(word) is None:
                self._decoder.add_word(word, phones, update=False)

    def _use(self, grammar: Grammar) -> None:
        if self.unknown_words:
            words = ", ".join(sorted(self.unknown_words))
            log.warning("commands with these words cannot be recognised by voice: %s", words)
        if not grammar.sentences:
            raise SttError("There is no command that could be recognised by voice.")
        try:
            machine = automaton(grammar)
            self._decoder.add_fsg("commands", self._decoder.create_fsg("commands", *_transitions(machine)))
            self._decoder.activate_search("commands")
        except (RuntimeError, ValueError) as error:
            raise SttError("The grammar of the speech commands cannot be used.") from error

    def start(self) -> None:
        """Begin an utterance; one that was not finished is forgotten."""
        self._noise = np.random.default_rng(0)
        self._decoder.reinit_feat()
        self._decoder.start_utt()

    def feed(self, pcm: bytes) -> None:
        """Decode a block of 16 kHz mono int16: some 2 % of its duration on a desktop core."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float64)
        noisy = samples + self._noise.normal(0.0, NOISE_FLOOR, len(samples))
        self._decoder.process_raw(np.clip(noisy, -32768, 32767).astype(np.int16).tobytes())

    @property
    def partial(self) -> str:
        hypothesis = self._decoder.hyp()
        return hypothesis.hypstr if hypothesis is not None else ""

    def finish(self) -> Decoded:
        """End the utterance."""
        self._decoder.end_utt()
        return Decoded(self.partial)

    def drop(self) -> None:
        """Forget the utterance."""
        self._decoder.end_utt()


def _transitions(
    machine: Automaton,
) -> tuple[int, int, list[tuple[int, int, float] | tuple[int, int, float, str]]]:
    """Start, end and arcs as pocketsphinx wants them: with one final state, reached without a word."""
    end = machine.states
    arcs: list[tuple[int, int, float] | tuple[int, int, float, str]] = [
        (state, target, 1.0, word) for state, out in machine.arcs.items() for word, target in out.items()
    ]
    return machine.start, end, [*arcs, *((final, end, 1.0) for final in sorted(machine.finals))]
