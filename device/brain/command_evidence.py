"""How well a recognised command fits the sound: the evidence that the verifier weighs.

The grammar's best path is compared with what the same model hears when it may put any phones
together, the classical filler model (Rose & Paul, A hidden Markov model based keyword recognition
system, ICASSP 1990). Everything is a ratio or per frame, so that neither loudness nor length nor
the speaker decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

HALF_RIGHT = 0.5
"""What it costs to hear another phone of the same class, between right (0) and wrong (1)."""

TOO_MANY = 0.7
"""What a phone too many costs: free decoding inserts more than it leaves out."""

_CLASSES = (
    "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW",
    "P T K B D G",
    "F V TH DH S Z SH ZH HH CH JH",
    "M N NG",
    "L R W Y",
)
_CLASS_OF = {phone: number for number, phones in enumerate(_CLASSES) for phone in phones.split()}


@dataclass(frozen=True, slots=True)
class Segment:
    """A word or phone on the best path: its frames (10 ms), first and last, and its log likelihood."""

    label: str
    first: int
    last: int
    score: float

    @property
    def frames(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logarithms are natural, likelihoods relative to the best senone of each frame."""

    fit: float
    """Log likelihood of the command's words, per frame."""
    free_fit: float
    """The same of the phones that were heard freely in the same frames."""
    phones_wrong: float
    """Edit distance between the command's phones and those heard in the whole utterance, per phone."""

    def values(self) -> tuple[float, float, float]:
        return (self.fit, self.free_fit, self.phones_wrong)


def weigh(words: Sequence[Segment], expected: Sequence[str], heard: Sequence[Segment]) -> Evidence:
    """The evidence for `words` (one or more), pronounced as `expected`, against phones `heard` freely."""
    frames = sum(word.frames for word in words)
    free = _per_frame(heard, words[-1].last + 1)
    return Evidence(
        fit=sum(word.score for word in words) / frames,
        free_fit=sum(float(free[word.first : word.last + 1].sum()) for word in words) / frames,
        phones_wrong=phone_distance([phone.label for phone in heard if phone.label in _CLASS_OF], expected),
    )


def _per_frame(segments: Iterable[Segment], count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    scores = np.zeros(count)
    for segment in segments:
        scores[segment.first : segment.last + 1] = segment.score / segment.frames
    return scores


def phone_distance(heard: Sequence[str], expected: Sequence[str]) -> float:
    """Weighted edit distance from `expected` (at least one) to `heard`, per expected phone."""
    before = [float(number) for number in range(len(expected) + 1)]
    for row, phone in enumerate(heard, 1):
        now = [row * TOO_MANY]
        for column, wanted in enumerate(expected, 1):
            now.append(
                min(
                    before[column] + TOO_MANY,
                    now[column - 1] + 1.0,
                    before[column - 1] + _confusion(phone, wanted),
                )
            )
        before = now
    return before[-1] / len(expected)


def _confusion(heard: str, wanted: str) -> float:
    if heard == wanted:
        return 0.0
    return HALF_RIGHT if _CLASS_OF[heard] == _CLASS_OF.get(wanted) else 1.0
