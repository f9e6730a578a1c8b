"""Sentences labelled by what they tell about a person."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.brain.privacy import Privacy, Private

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    classes: frozenset[Private]


def sentences(half: str) -> list[Told]:
    """Of "tuned" or "held_out"."""
    lines = (HERE / f"private_{half}.txt").read_text("utf-8").splitlines()
    split = [line.split(" | ") for line in lines if not line.startswith("#")]
    return [Told(text, frozenset(map(Private, kinds.strip(" -").split()))) for kinds, text in split]


def counts(privacy: Privacy, told: list[Told], kind: Private) -> tuple[int, int, int]:
    """Rightly found, found, and there, of one class."""
    found = [kind in privacy.told(each.text) for each in told]
    there = [kind in each.classes for each in told]
    both = sum(f and t for f, t in zip(found, there, strict=True))
    return both, sum(found), sum(there)
