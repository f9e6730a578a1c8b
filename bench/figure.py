"""One measured figure, and how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    goal: float | None
    """At most this; None where there is no goal."""
    method: str

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal

    def as_line(self) -> str:
        goal = "" if self.goal is None else f" (goal ≤ {self.goal:g}: {'met' if self.met else 'NOT met'})"
        return f"{self.name}: {self.value:.3g} {self.unit}{goal}\n    {self.method}"


def percentile(values: Sequence[float], percent: int) -> float:
    """By linear interpolation; of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
