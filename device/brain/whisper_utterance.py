"""One utterance through Whisper while the button is held: pauses are used, and what is done is kept.

As soon as somebody pauses, what was said is transcribed: if nothing more comes, the transcript is
there at release. If speech goes on after a long pause, what lies before it stays as it is. Speech
without a pause is cut where it is quietest. So at release at most the tail is left to do.

No clock and no thread: whoever holds the button is heard through `add`, in whatever pieces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from device.brain.loudness import Loudness
from device.brain.whisper_pass import LONGEST_S, Pass, Samples
from device.contracts import RATE_HZ, Transcript

PAUSE_S = 0.2
"""Quiet for so long, a pass over what was said so far is worth starting: the closure of a stop
consonant is over by then (at most some 150 ms), a breath between clauses is not."""

COMMIT_PAUSE_S = 0.6
"""After a pause as long as this, what lies before it is not looked at again."""

_PASS_SHARE = 0.5
"""A pass cannot be stopped, and is lost if speech goes on. So the longer it takes, the longer the
pause that it waits for: half its own time, which bounds what a wrong guess costs (ski rental)."""

_SHORTEST_COMMITTED_S = 1.0
"""Less speech than this is transcribed together with what is around it: Whisper guesses at fragments."""

_APART_S = 3.0
"""Unless so long a silence lies between: on that, Whisper makes things up."""

_MARGIN_S = 0.3
"""Left on either side of speech: soft consonants are not loud."""

_HELD_LONGEST_S = 15.0
"""So much speech without a long pause is cut while the button is held."""

_LONGEST_SEGMENT_S = LONGEST_S - 2.0
"""With more to do after release than this, it is cut: margins and the search for a gap take some."""

_UNCLEAR_SILENCE = 0.3
_UNCLEAR_LOGPROB = -0.7
"""In sound without contrast, Whisper is believed only when it is surer than in speech that stands out:
on noise it writes "you" or "Thank you." with middling probability."""

_CERTAIN_FROM = 0.5
"""The geometric mean of the tokens' probabilities from which words are taken as certain."""


class Passes(Protocol):
    """What an utterance needs of a model; `whisper_pass.WhisperPasses` has it."""

    took_s: float

    def transcribe(self, samples: Samples) -> Pass: ...


@dataclass(frozen=True, slots=True)
class _Tail:
    """A pass over the end of the utterance so far. In samples from its beginning."""

    begin: int
    speech_end: int
    end: int
    heard: Pass


class WhisperUtterance:
    """Feed with `add`, `step` between and at the end, then ask for the transcript."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes
        self._pcm = bytearray()
        self._loudness = Loudness()
        self._done: list[Pass] = []
        self._start = 0
        """The first sample that is not committed."""
        self._tail: _Tail | None = None

    def add(self, pcm: bytes) -> None:
        """The next int16 samples at 16 kHz."""
        self._pcm += pcm
        self._loudness.add(np.frombuffer(pcm, np.int16))

    @property
    def partial(self) -> str:
        """The words so far."""
        return self._text(self._heard())

    def step(self, *, released: bool) -> bool:
        """Make the one pass that is due, if any: whether it was. At release, until none is."""
        self._settle_tail()
        speech = self._loudness.speech(self._start)
        if speech is None or self._covered:
            return False
        begin, end = self._with_margin(speech[0]), speech[1]
        paused = released or self._total - end >= _samples(self._patience_s)
        longest_s = _LONGEST_SEGMENT_S if paused else _HELD_LONGEST_S
        if end - begin > _samples(longest_s):
            self._commit_cut(begin, longest_s)
        elif paused:
            self._tail = self._pass_tail(begin, end)
        else:
            return False
        return True

    def transcript(self, engine: str) -> Transcript:
        """What was said, by all passes so far; see `_believed` for what is not."""
        heard = self._heard()
        kept = [one for one in heard if self._believed(one)]
        text = self._text(heard)
        if not text:
            return Transcript("", engine, 0.0, certain=False, speech=bool(heard) and self._loudness.clear)
        confidence = _confidence(kept)
        certain = len(kept) == len(heard) and all(one.plausible for one in kept)
        return Transcript(text, engine, confidence, certain=certain and confidence >= _CERTAIN_FROM)

    # --- what is kept ------------------------------------------------------------------------

    @property
    def _covered(self) -> bool:
        """Nothing was said after the tail's pass."""
        return self._tail is not None and self._loudness.speech(self._tail.end) is None

    def _settle_tail(self) -> None:
        """When speech has gone on after the tail, commit or forget it; a word or two decide nothing yet."""
        resumed = self._loudness.speech(self._tail.end) if self._tail else None
        if self._tail is None or resumed is None:
            return
        pause, shortest = resumed[0] - self._tail.speech_end, _samples(_SHORTEST_COMMITTED_S)
        apart = pause >= _samples(_APART_S)
        said_enough = apart or self._tail.speech_end - self._tail.begin >= shortest
        if not (pause >= _samples(COMMIT_PAUSE_S) and said_enough and self._believed(self._tail.heard)):
            self._tail = None
        elif apart or resumed[1] - resumed[0] >= shortest:
            self._done.append(self._tail.heard)
            self._start = max(self._tail.speech_end, resumed[0] - _samples(_MARGIN_S))
            self._tail = None

    def _commit_cut(self, begin: int, longest_s: float) -> None:
        """Cut where it is quietest in the later half of `longest_s`, and commit what lies before."""
        longest = _samples(longest_s)
        cut = self._loudness.quietest(begin + longest // 2, begin + longest)
        self._done.append(self._pass(begin, cut))
        self._start = cut
        self._tail = None

    def _pass_tail(self, begin: int, speech_end: int) -> _Tail:
        end = min(self._total, speech_end + _samples(_MARGIN_S))
        return _Tail(begin, speech_end, end, self._pass(begin, end))

    def _pass(self, begin: int, end: int) -> Pass:
        return self._passes.transcribe(np.frombuffer(bytes(self._pcm[2 * begin : 2 * end]), np.int16))

    def _with_margin(self, speech_start: int) -> int:
        return max(self._start, speech_start - _samples(_MARGIN_S))

    @property
    def _patience_s(self) -> float:
        return max(PAUSE_S, _PASS_SHARE * self._passes.took_s)

    @property
    def _total(self) -> int:
        return len(self._pcm) // 2

    # --- what is believed --------------------------------------------------------------------

    def _heard(self) -> list[Pass]:
        return [*self._done, *([self._tail.heard] if self._tail else [])]

    def _text(self, heard: list[Pass]) -> str:
        return " ".join(one.text for one in heard if self._believed(one))

    def _believed(self, heard: Pass) -> bool:
        """Not an endless loop, not words that Whisper makes up for silence or noise."""
        if heard.loops or heard.silent or not any(map(str.isalnum, heard.text)):
            return False
        sure = heard.no_speech_prob <= _UNCLEAR_SILENCE and heard.mean_logprob >= _UNCLEAR_LOGPROB
        return sure or self._loudness.clear


def _confidence(heard: list[Pass]) -> float:
    """The geometric mean of the tokens' probabilities, over all passes."""
    logprob = sum(one.mean_logprob * one.tokens for one in heard) / sum(one.tokens for one in heard)
    return min(1.0, math.exp(logprob))


def _samples(seconds: float) -> int:
    return int(seconds * RATE_HZ)
