"""Logistic regression by Newton's method, and its honest test: on sources it was not trained on."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bench.speech.attempts import Attempt

Floats = npt.NDArray[np.float64]

FOLDS = 5
RIDGE = 1e-3
ITERATIONS = 50


def usable(attempts: Sequence[Attempt]) -> list[Attempt]:
    """What can be learnt from: commands that were heard right, and off-grammar sound heard as a command."""
    return [attempt for attempt in attempts if attempt.evidence and (attempt.right or attempt.said is None)]


def fit(attempts: Sequence[Attempt]) -> Floats:
    """The weights of the evidence, and the bias last. People's commands weigh as much as synthetic ones,
    and all commands as much as all that is none: or else the verifier learns that a human voice means no.
    """
    features, wanted = _features(attempts), _wanted(attempts)
    weight = _balance(attempts)
    beta = np.zeros(features.shape[1])
    for _ in range(ITERATIONS):
        likely = _logistic(features @ beta)
        slope = features.T @ (weight * (likely - wanted)) + RIDGE * beta
        curvature = (features.T * (weight * likely * (1 - likely))) @ features
        beta = beta - np.linalg.solve(curvature + RIDGE * np.eye(len(beta)), slope)
    return beta


def confidences(attempts: Sequence[Attempt], beta: Floats) -> Floats:
    return _logistic(_features(attempts) @ beta)


def untrained_confidences(attempts: Sequence[Attempt]) -> Floats:
    """Each attempt judged by a fit that knows nothing of its source (its speaker, voice or collection)."""
    folds = np.array([random.Random(f"fold {attempt.source}").randrange(FOLDS) for attempt in attempts])
    judged = np.zeros(len(attempts))
    for fold in range(FOLDS):
        others = [attempt for attempt, its in zip(attempts, folds, strict=True) if its != fold]
        own = [attempt for attempt, its in zip(attempts, folds, strict=True) if its == fold]
        if own:
            judged[folds == fold] = confidences(own, fit(others))
    return judged


def _features(attempts: Sequence[Attempt]) -> Floats:
    return np.array([[*(attempt.evidence or ()), 1.0] for attempt in attempts])


def _wanted(attempts: Sequence[Attempt]) -> Floats:
    return np.array([float(attempt.said is not None) for attempt in attempts])


def _balance(attempts: Sequence[Attempt]) -> Floats:
    groups = [(attempt.said is not None, attempt.kind.startswith("synthetic")) for attempt in attempts]
    size = Counter(groups)
    sides = Counter(inside for inside, _ in size)
    weight = np.array([1 / size[group] / sides[group[0]] for group in groups])
    balanced: Floats = weight * len(attempts) / weight.sum()
    return balanced


def _logistic(logits: Floats) -> Floats:
    judged: Floats = 1 / (1 + np.exp(-np.clip(logits, -50, 50)))
    return judged
