"""A linear classifier for wordings that no template holds: hashed n-grams, eight-bit weights.

Trained by `python -m training.intents`, which says on what and with which figures. It names an
intent only when it is sure; the class "" stands for everything that no skill serves.
"""

from __future__ import annotations

import itertools
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

BUCKETS = 8192
"""Size of the hashed feature space: 32 classes × 8192 bytes are 262 KB."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest intent and its probability, 0 to 1."""

    name: str
    probability: float


class Classifier:
    """Weights of one language, loaded. Pure after construction."""

    def __init__(self, path: Path) -> None:
        with np.load(path) as stored:
            self._weights = stored["weights"].astype(np.float32) * stored["scale"]
            self._bias = stored["bias"]
            self._names = [str(name) for name in stored["names"]]
            self._least = float(stored["least"])

    def guess(self, words: str) -> Guess | None:
        """What a normalised text asks for, or None when nothing is sure enough. About 0.1 ms."""
        best = self.likeliest(words)
        return best if best.name and best.probability >= self._least else None

    def likeliest(self, words: str) -> Guess:
        """The likeliest class, however unsure; its name is "" for none of ours."""
        logits = self._weights[features(words)].sum(axis=0) + self._bias
        odds = np.exp(logits - logits.max())
        at = int(odds.argmax())
        return Guess(self._names[at], float(odds[at] / odds.sum()))


def features(words: str) -> npt.NDArray[np.int64]:
    """The buckets that a normalised text falls into: words, pairs, pieces of words."""
    parts = ["^", *_NUMBER.sub("#", words).split(), "$"]
    grams = {f"1 {word}" for word in parts}
    grams |= {f"2 {a} {b}" for a, b in itertools.pairwise(parts)}
    for word in parts[1:-1]:
        framed = f"<{word}>"
        grams |= {f"c {framed[at : at + 4]}" for at in range(len(framed) - 3)}
    return np.array(sorted({zlib.crc32(gram.encode()) % BUCKETS for gram in grams}), np.int64)
