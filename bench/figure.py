"""One measured figure, and how it was measured."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float | None
    """None: it could not be measured; `method` says why."""
    unit: str
    goal: float | None
    """At most this; None where there is no goal."""
    method: str

    @property
    def met(self) -> bool | None:
        return None if self.goal is None or self.value is None else self.value <= self.goal

    def as_line(self) -> str:
        if self.value is None:
            return f"{self.name}: not measured\n    {self.method}"
        goal = "" if self.goal is None else f" (goal ≤ {self.goal:g}: {'met' if self.met else 'NOT met'})"
        return f"{self.name}: {self.value:.3g} {self.unit}{goal}\n    {self.method}"


def not_measured(name: str) -> Figure:
    """Of a figure that needs the package which has to be compiled."""
    return Figure(name, None, "", None, "llama-cpp-python is not installed: make test-all, or make voice")


def percentile(values: Sequence[float], percent: int) -> float:
    """By linear interpolation; of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
