"""False accepts against misses, as numbers and a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bench.speech.attempts import Attempt
from bench.speech.fit import untrained_confidences, usable

NOT_SPEECH = ("noise", "farfield")
BUDGETS = (0.30, 0.20, 0.15, 0.10, 0.07, 0.05, 0.03, 0.02, 0.01)
"""Shares of off-grammar speech that may be taken for a command."""


ACCEPTED = 0.09
"""Of off-grammar speech, taken for a command: the goal."""
CERTAIN = 0.03
"""Of off-grammar speech, taken for a command without asking back."""


def is_synthetic(attempt: Attempt) -> bool:
    return attempt.kind.startswith("synthetic")


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold and what it does, as shares of 1."""

    threshold: float
    false_accepts: float
    """Of all off-grammar speech of people."""
    kept_people: float
    """Of the commands of people that were heard right, those accepted."""
    kept_synthetic: float


def curve(attempts: Sequence[Attempt], budgets: Sequence[float] = BUDGETS) -> list[Point]:
    """Judged by fits that do not know the source judged."""
    judged = usable(attempts)
    confidence = untrained_confidences(judged)
    off_grammar = [a for a in attempts if a.said is None and a.kind not in NOT_SPEECH]
    accepted = np.sort(
        [c for a, c in zip(judged, confidence, strict=True) if a.said is None and a.kind not in NOT_SPEECH]
    )[::-1]

    def kept(threshold: float, which: Callable[[Attempt], bool]) -> float:
        theirs = [c for a, c in zip(judged, confidence, strict=True) if a.said is not None and which(a)]
        return float(np.mean([c > threshold for c in theirs])) if theirs else float("nan")

    points = []
    for budget in budgets:
        allowed = int(budget * len(off_grammar))
        threshold = float(accepted[allowed]) if allowed < len(accepted) else 0.0
        false_accepts = float((accepted > threshold).sum()) / len(off_grammar)
        people = kept(threshold, lambda attempt: not is_synthetic(attempt))
        points.append(Point(threshold, false_accepts, people, kept(threshold, is_synthetic)))
    return points


def table(points: Sequence[Point]) -> str:
    lines = [
        "| threshold | off-grammar speech accepted | commands of people kept | synthetic commands kept |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {p.threshold:.3f} | {p.false_accepts:.1%} | {p.kept_people:.1%} | {p.kept_synthetic:.1%} |"
        for p in points
    ]
    return "\n".join(lines)
