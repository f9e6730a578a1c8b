"""Whether a recognised command was really said: a logistic regression of three numbers.

Its coefficients and thresholds stand in `command_verifier.json`, together with how they came about;
`python -m bench.speech.train_verifier` makes that file.
"""

from __future__ import annotations

import math
from pathlib import Path

import msgspec

from device.brain.command_evidence import Evidence

FILE = Path(__file__).with_name("command_verifier.json")


class Verifier(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Weights of the evidence and the two thresholds on the confidence that comes out."""

    weights: tuple[float, float, float]
    """Of `Evidence.values()`, in that order."""
    bias: float
    accept_from: float
    """Below, what was heard is no command."""
    certain_from: float
    """Below, a command that acts is confirmed first."""
    trained_on: str

    def confidence(self, evidence: Evidence) -> float:
        """0 to 1: how likely the words are what was said, where half of all that is said are commands."""
        values = zip(self.weights, evidence.values(), strict=True)
        logit = self.bias + sum(weight * value for weight, value in values)
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def load_verifier(file: Path = FILE) -> Verifier:
    """Raises msgspec.ValidationError for a file that is no verifier."""
    return msgspec.json.decode(file.read_bytes(), type=Verifier)
