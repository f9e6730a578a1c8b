"""Which time zone a place lies in, by the names people give it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from device.brain.pack_files import BrokenPack, lines_of

_PACKS = Path(__file__).parent / "packs"


@dataclass(frozen=True, slots=True)
class Place:
    """A place as it is spoken, and its IANA time zone."""

    name: str
    zone: str


class Places:
    """The places of a language. Raises BrokenPack when a line of the table cannot be used."""

    def __init__(self, language: str, root: Path = _PACKS) -> None:
        self._by_name: dict[str, Place] = {}
        path = root / language / "places.txt"
        for number, line in lines_of(path):
            if line:
                self._add(path, number, line)
        self._longest = max(len(name.split()) for name in self._by_name)

    def find(self, words: str) -> Place | None:
        """The place that normalised words name: "punta gorda florida" is in Florida. None if unknown.

        The last known name counts, because the wider region is said last.
        """
        parts = words.split()
        for end in range(len(parts), 0, -1):
            for start in range(max(0, end - self._longest), end):
                if place := self._by_name.get(" ".join(parts[start:end])):
                    return place
        return None

    def _add(self, path: Path, number: int, line: str) -> None:
        zone, equals, names = (part.strip() for part in line.partition("="))
        spoken, _, others = names.partition("|")
        place = Place(spoken.strip(), zone)
        if not equals or not place.name or not zone:
            raise BrokenPack(path, number, "write it as: Zone/Name = Spoken name | other name, other name")
        for name in (place.name.lower(), *others.split(",")):
            if name.strip():
                self._by_name.setdefault(name.strip(), place)


def names(language: str, root: Path = _PACKS) -> tuple[str, ...]:
    """Every name of a place of the language, in lower case, the longest first. Raises BrokenPack."""
    return tuple(sorted(Places(language, root)._by_name, key=len, reverse=True))
