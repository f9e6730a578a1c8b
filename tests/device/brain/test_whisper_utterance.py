"""What is transcribed when, while the button is held and after; the model is a listener that reads tones."""

from __future__ import annotations

import itertools
import random
import string
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from device.brain.whisper_pass import LONGEST_S, Pass
from device.brain.whisper_utterance import WhisperUtterance
from device.contracts import RATE_HZ, Transcript

Samples = npt.NDArray[np.int16]

WORD_S = 0.3
LOOK_S = 0.1
LOWEST_HZ, STEP_HZ = 300, 20
GOOD = Pass("", tokens=4, mean_logprob=-0.1, no_speech_prob=0.01, cut_short=False)


def word(number: int) -> Samples:
    """A tone that stands for a word: its pitch is its number."""
    time_s = np.arange(int(WORD_S * RATE_HZ)) / RATE_HZ
    return (4000 * np.sin(2 * np.pi * (LOWEST_HZ + STEP_HZ * number) * time_s)).astype(np.int16)


def quiet(seconds: float) -> Samples:
    return np.random.default_rng(3).normal(0, 3, int(seconds * RATE_HZ)).astype(np.int16)


def said(*parts: int | float) -> Samples:
    """Words by number, with 100 ms after each, and pauses in seconds."""
    pieces = [np.concatenate([word(p), quiet(0.1)]) if isinstance(p, int) else quiet(p) for p in parts]
    return np.concatenate(pieces)


@dataclass
class Reader:
    """Reads the tones back; a word of which a piece is missing is read as "broken"."""

    template: Pass = GOOD
    took_s: float = 0.0
    longest_s: float = 0.0
    passes: int = 0

    def transcribe(self, samples: Samples) -> Pass:
        self.passes += 1
        self.longest_s = max(self.longest_s, len(samples) / RATE_HZ)
        steps = samples[: len(samples) // 160 * 160].reshape(-1, 160)
        loud = steps.astype(float).std(axis=1) > 500
        words, at = [], 0
        for is_loud, run in itertools.groupby(loud):
            length = len(list(run))
            if is_loud:
                words.append(self._word(samples[at * 160 : (at + length) * 160]))
            at += length
        return replace(self.template, text=" ".join(words))

    def _word(self, sound: Samples) -> str:
        if len(sound) < 0.9 * WORD_S * RATE_HZ:
            return "broken"
        pitch_hz = np.argmax(np.abs(np.fft.rfft(sound))) * RATE_HZ / len(sound)
        return name(round((pitch_hz - LOWEST_HZ) / STEP_HZ))


@dataclass
class Held:
    """One utterance after release: its transcript, and what was left to do."""

    transcript: Transcript
    partials: list[str]
    passes_while_held: int
    passes_after: int


def hold(reader: Reader, sound: Samples, look_s: float = LOOK_S) -> Held:
    """`sound` as it comes in real time, looked at every `look_s`; then the button is released."""
    utterance = WhisperUtterance(reader)
    step = int(look_s * RATE_HZ)
    partials: list[str] = []
    for at in range(0, len(sound), step):
        utterance.add(sound[at : at + step].tobytes())
        utterance.step(released=False)
        if utterance.partial != (partials or [""])[-1]:
            partials.append(utterance.partial)
    held = reader.passes
    while utterance.step(released=True):
        pass
    return Held(utterance.transcript("whisper"), partials, held, reader.passes - held)


def name(number: int) -> str:
    """Five letters; numbers written out would repeat themselves like a loop."""
    return "".join(random.Random(number).choices(string.ascii_lowercase, k=5))


def words(*numbers: int) -> str:
    return " ".join(map(name, numbers))


def test_after_a_pause_nothing_is_left_to_do_at_release() -> None:
    held = hold(Reader(), said(0.3, 1, 2, 3, 0.3))
    assert held.transcript.text == words(1, 2, 3)
    assert (held.passes_while_held, held.passes_after) == (1, 0)


def test_a_word_right_up_to_the_release_is_heard() -> None:
    held = hold(Reader(), np.concatenate([said(0.3, 1, 0.4), word(2)]))
    assert held.transcript.text == words(1, 2)
    assert held.passes_after == 1


def test_sound_that_comes_all_at_once_takes_one_pass() -> None:
    held = hold(Reader(), said(0.3, 1, 2, 1.0, 3, 4, 0.05), look_s=10)
    assert held.transcript.text == words(1, 2, 3, 4)
    assert held.passes_while_held + held.passes_after == 1


def test_what_lies_before_a_long_pause_is_not_transcribed_again() -> None:
    reader = Reader()
    held = hold(reader, np.concatenate([said(*range(10), 1.0, *range(10, 15)), word(15)]))
    assert held.transcript.text == words(*range(16))
    assert held.partials == [words(*range(10))]
    assert held.passes_after == 1
    assert reader.longest_s < 5


def test_a_word_or_two_after_a_long_pause_are_heard_together_with_what_was_before() -> None:
    reader = Reader()
    held = hold(reader, np.concatenate([said(*range(10), 1.0), word(10)]))
    assert held.transcript.text == words(*range(11))
    assert reader.longest_s > 5


def test_a_short_word_before_a_long_pause_is_heard_together_with_what_follows() -> None:
    held = hold(Reader(), said(1, 1.0, 2, 3, 4, 0.3))
    assert held.transcript.text == words(1, 2, 3, 4)
    assert held.partials[0] == words(1)


def test_words_with_a_long_silence_between_are_heard_apart() -> None:
    reader = Reader()
    held = hold(reader, said(1, 10.0, 2, 0.3))
    assert held.transcript.text == words(1, 2)
    assert reader.longest_s < 1.5


def test_a_short_pause_splits_nothing() -> None:
    reader = Reader()
    held = hold(reader, said(*range(8), 0.3, *range(8, 16), 0.3))
    assert held.transcript.text == words(*range(16))
    assert reader.longest_s > 6


@pytest.mark.parametrize("look_s", [LOOK_S, 1000])
def test_long_speech_without_a_pause_is_cut_between_words(look_s: float) -> None:
    """100 ms between the words is all there is; 2 minutes, the longest utterance."""
    reader = Reader()
    held = hold(reader, said(*range(300)), look_s)
    assert held.transcript.text == words(*range(300))
    assert reader.longest_s <= LONGEST_S
    if look_s == LOOK_S:
        assert held.passes_after == 1


def test_the_words_of_long_speech_are_shown_while_it_goes_on() -> None:
    held = hold(Reader(), said(*range(100)))
    assert len(held.partials) > 1
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(held.partials))


def test_long_silence_is_not_transcribed() -> None:
    reader = Reader()
    held = hold(reader, said(40.0, 1, 2, 40.0))
    assert held.transcript.text == words(1, 2)
    assert reader.longest_s < 2


def test_silence_costs_no_pass_and_is_not_speech() -> None:
    held = hold(Reader(), quiet(5))
    assert held.transcript == Transcript("", "whisper", 0.0, certain=False, speech=False)
    assert held.passes_while_held + held.passes_after == 0


def test_a_slow_model_waits_for_longer_pauses() -> None:
    """A pass cannot be stopped: where it takes 2 s, a breath is no reason to begin one."""
    sound = said(1, 2, 0.4, 3, 4, 0.4, 5, 0.4)
    assert hold(Reader(took_s=0.1), sound).passes_while_held == 3
    slow = hold(Reader(took_s=2.0), sound)
    assert slow.transcript.text == words(1, 2, 3, 4, 5)
    assert (slow.passes_while_held, slow.passes_after) == (0, 1)


def test_clear_words_are_certain() -> None:
    transcript = hold(Reader(), said(1, 2, 0.3)).transcript
    assert transcript.certain
    assert transcript.confidence == pytest.approx(np.exp(-0.1))


def test_doubtful_words_are_not_certain() -> None:
    transcript = hold(Reader(replace(GOOD, mean_logprob=-0.9)), said(1, 2, 0.3)).transcript
    assert transcript.text == words(1, 2)
    assert not transcript.certain


@pytest.mark.parametrize(
    "made_up",
    [
        replace(GOOD, no_speech_prob=0.7, mean_logprob=-1.2),
        replace(GOOD, no_speech_prob=0.95, mean_logprob=-0.2),
        replace(GOOD, cut_short=True),
    ],
)
def test_what_whisper_makes_up_is_not_said_to_have_been_heard(made_up: Pass) -> None:
    transcript = hold(Reader(made_up), said(1, 2, 0.3)).transcript
    assert transcript == Transcript("", "whisper", 0.0, certain=False, speech=True)


@pytest.mark.parametrize("text", ["", ".", "...", " - ", "Thank you. " * 20])
def test_a_text_without_words_or_one_that_goes_round_and_round_is_nothing(text: str) -> None:
    class Saying(Reader):
        def transcribe(self, samples: Samples) -> Pass:
            return replace(GOOD, text=text)

    assert hold(Saying(), said(1, 2, 0.3)).transcript.text == ""


def test_in_steady_noise_whisper_must_be_surer() -> None:
    noise = np.random.default_rng(4).normal(0, 2000, 3 * RATE_HZ).astype(np.int16)

    class Saying(Reader):
        def transcribe(self, samples: Samples) -> Pass:
            return replace(self.template, text="you")

    unsure = hold(Saying(replace(GOOD, no_speech_prob=0.4, mean_logprob=-0.6)), noise).transcript
    assert (unsure.text, unsure.speech) == ("", False)
    assert hold(Saying(), noise).transcript.text == "you"
