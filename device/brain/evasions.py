"""Whether a clause answers anything, or only says that there is no answer. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.brain.normalise import normalise
from device.brain.pack_files import sections
from device.brain.packs import PACKS


@dataclass(frozen=True, slots=True)
class Evasions:
    """How a language says that it has no answer; normalised."""

    alone: frozenset[str] = frozenset()
    within: tuple[str, ...] = ()

    def evades(self, clause: str) -> bool:
        """Whether a reply's first clause evades, or has no words at all."""
        words = normalise(clause)
        bounded = f" {words} "
        return not words or words in self.alone or any(f" {phrase} " in bounded for phrase in self.within)


def load(language: str, root: Path = PACKS) -> Evasions:
    """Raises BrokenPack."""
    found = sections(root / language / "evasions.txt")
    return Evasions(frozenset(map(normalise, found["alone"])), tuple(map(normalise, found["within"])))
