"""Train the linear classifier of intents: `python -m training.intents`.

Logistic regression by Adam on hashed n-grams, numpy alone. The threshold is chosen on the training
split only, by cross-validation that leaves whole unserved intents out: a request of a kind that was
never seen must not be taken.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from device.brain.classifier import BUCKETS, features
from device.brain.normalise import normalise
from training import clinc

Floats = npt.NDArray[np.float32]

FOLDS = 5
TAKEN_AT_MOST = 0.0075
"""Share of unserved requests of unseen kinds that may be taken, by cross-validation; the goal is 0.01."""
_EPOCHS = 12
_BATCH = 128
_RATE = 0.01
_DECAY = 1e-6


@dataclass(frozen=True, slots=True)
class Sample:
    """A request as the classifier sees it."""

    buckets: npt.NDArray[np.int64]
    label: int
    source: str
    """The data set's own intent."""


@dataclass(frozen=True, slots=True)
class Weights:
    """A trained classifier: (BUCKETS, classes) and (classes,)."""

    weights: Floats
    bias: Floats

    def probabilities(self, samples: Sequence[Sample]) -> Floats:
        """(samples, classes)."""
        logits = np.stack([self.weights[sample.buckets].sum(axis=0) for sample in samples]) + self.bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), np.float32)


def train(samples: Sequence[Sample], classes: int, seed: int = 1) -> Weights:
    """Multinomial logistic regression."""
    random = np.random.default_rng(seed)
    weights = np.zeros((BUCKETS + 1, classes), np.float32)  # the last row is the bias
    first: Floats = np.zeros_like(weights)
    second: Floats = np.zeros_like(weights)
    step = 0
    for epoch in range(_EPOCHS):
        order = random.permutation(len(samples))
        for start in range(0, len(order), _BATCH):
            batch = [samples[at] for at in order[start : start + _BATCH]]
            step += 1
            gradient = _gradient(weights, batch) + _DECAY * weights
            first += np.float32(0.1) * (gradient - first)
            second += np.float32(0.001) * (gradient**2 - second)
            rate = _RATE * (1 - epoch / _EPOCHS)
            weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return Weights(weights[:-1], weights[-1])


def _gradient(weights: Floats, batch: Sequence[Sample]) -> Floats:
    inputs = np.zeros((len(batch), BUCKETS + 1), np.float32)
    for row, sample in enumerate(batch):
        inputs[row, sample.buckets] = 1
    inputs[:, -1] = 1
    logits = inputs @ weights
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    odds /= odds.sum(axis=1, keepdims=True)
    odds[np.arange(len(batch)), [sample.label for sample in batch]] -= 1
    return np.asarray(inputs.T @ odds / len(batch), np.float32)


def cross_validated(samples: Sequence[Sample], classes: int) -> Floats:
    """(samples, classes) probabilities, each from a classifier that saw neither the sample nor, if it is
    unserved, any request of its intent."""
    random = np.random.default_rng(2)
    unserved = sorted({sample.source for sample in samples if not sample.label})
    fold_of_source = {source: at % FOLDS for at, source in enumerate(random.permutation(unserved))}
    folds = np.array(
        [random.integers(FOLDS) if sample.label else fold_of_source[sample.source] for sample in samples]
    )
    found = np.zeros((len(samples), classes), np.float32)
    for fold in range(FOLDS):
        inside = [sample for sample, at in zip(samples, folds, strict=True) if at != fold]
        outside = [sample for sample, at in zip(samples, folds, strict=True) if at == fold]
        found[folds == fold] = train(inside, classes).probabilities(outside)
    return found


def least_probability(found: Floats, samples: Sequence[Sample]) -> float:
    """The lowest threshold at which no more than TAKEN_AT_MOST of the unserved requests are taken."""
    unserved = np.array([sample.label == 0 for sample in samples])
    surest = np.sort(np.where(found.argmax(axis=1) > 0, found.max(axis=1), 0)[unserved])
    return float(surest[-1 - int(TAKEN_AT_MOST * len(surest))]) + 1e-4


def figures(found: Floats, samples: Sequence[Sample], least: float) -> tuple[float, float]:
    """The share of served requests named right, and of unserved ones taken, at a threshold."""
    labels = np.array([sample.label for sample in samples])
    named = np.where(found.max(axis=1) >= least, found.argmax(axis=1), 0)
    served = labels > 0
    return float((named == labels)[served].mean()), float((named > 0)[~served].mean())


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, default=clinc.DATA)
    options.add_argument("--out", type=Path, default=Path("device/brain/weights/en.npz"))
    chosen = options.parse_args()

    requests = clinc.read("train", chosen.data)
    labels = [clinc.our_intent(text, intent) for text, intent in requests]
    names = sorted(set(labels))
    samples = [
        Sample(features(normalise(text)), names.index(label), intent)
        for (text, intent), label in zip(requests, labels, strict=True)
    ]
    found = cross_validated(samples, len(names))
    least = least_probability(found, samples)
    recognised, taken = figures(found, samples, least)
    print(f"threshold {least:.4f}: served {recognised:.4f} recognised, others {taken:.4f} taken")
    trained = train(samples, len(names))
    scale = np.abs(trained.weights).max(axis=0) / 127
    chosen.out.parent.mkdir(exist_ok=True)
    np.savez_compressed(
        chosen.out,
        weights=np.round(trained.weights / scale).astype(np.int8),
        scale=scale.astype(np.float32),
        bias=trained.bias,
        names=np.array(names),
        least=np.float32(least),
        cross_validated=np.array([recognised, taken], np.float32),
    )
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
