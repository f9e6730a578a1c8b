"""A WordNet of a few words, in the format of the real one: for where that is not installed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from device.brain.recall.wordnet import FILES

LICENCE = "  1 A line that begins with two blanks is not about a word.  \n"
_KINDS = {"n": "1", "v": "2", "a": "3", "r": "4"}
_OFFSET = "{:08d}"


@dataclass(frozen=True, slots=True)
class Synset:
    """Its name is for pointers alone."""

    name: str
    part: str
    words: Sequence[str]
    pointers: Sequence[tuple[str, str, int, int]] = ()
    """(symbol, name of the other, which word from, which word to); 0 for all words."""


SYNSETS = (
    Synset("extinguish", "v", ("extinguish", "put_out"), (("!", "kindle", 1, 1), ("+", "extinction", 1, 1))),
    Synset("kindle", "v", ("kindle", "light"), (("!", "extinguish", 1, 1),)),
    Synset("extinction", "n", ("extinction",), (("+", "extinguish", 1, 1),)),
    Synset("gem", "n", ("zirp", "gemlet")),
    Synset("place", "n", ("Zirp",)),
    Synset("bank of a river", "n", ("plonk", "verge")),
    Synset("bank for money", "n", ("plonk", "till")),
    Synset("steep", "a", ("steep",), (("&", "sheer", 0, 0),)),
    Synset("sheer", "a", ("sheer(p)", "bluff"), (("&", "steep", 0, 0),)),
    Synset("geese", "n", ("goose",), (("~", "gem", 0, 0),)),
    Synset("quickly", "r", ("quickly",)),
)
COUNTS = {("plonk", "n", 2): 1, ("plonk", "n", 1): 9}
EXCEPTIONS = {"n": {"geese": "goose"}, "v": {"lit": "light"}}


def write(
    folder: Path, synsets: Sequence[Synset] = SYNSETS, counts: Mapping[tuple[str, str, int], int] = COUNTS
) -> Path:
    """All its files; returns the folder."""
    offsets = {one.name: at for part in FILES for one, at in _placed(part, synsets)}
    parts = {one.name: one.part for one in synsets}
    for part, name in FILES.items():
        lines = [_data_line(one, offsets, parts) for one in synsets if one.part == part]
        (folder / f"data.{name}").write_text(LICENCE + "".join(lines))
        (folder / f"index.{name}").write_text(LICENCE + _index(part, synsets, offsets))
        pairs = sorted(EXCEPTIONS.get(part, {"aaa": "aaa"}).items())
        (folder / f"{name}.exc").write_text("".join(f"{form} {word}\n" for form, word in pairs))
    keys = sorted(
        f"{word}%{_KINDS[part]}:00:0{rank}:: {rank} {many}" for (word, part, rank), many in counts.items()
    )
    (folder / "cntlist.rev").write_text("".join(f"{key}\n" for key in keys))
    return folder


def _placed(part: str, synsets: Sequence[Synset]) -> list[tuple[Synset, int]]:
    """Every line is as long as it will be, whatever the offsets in it are."""
    nowhere: defaultdict[str, int] = defaultdict(int)
    parts = {one.name: one.part for one in synsets}
    at, placed = len(LICENCE), []
    for one in synsets:
        if one.part == part:
            placed.append((one, at))
            at += len(_data_line(one, nowhere, parts))
    return placed


def _data_line(one: Synset, offsets: Mapping[str, int], parts: Mapping[str, str]) -> str:
    words = " ".join(f"{word} 0" for word in one.words)
    pointers = "".join(
        f" {symbol} {_OFFSET.format(offsets[name])} {parts[name]} {source:02x}{target:02x}"
        for symbol, name, source, target in one.pointers
    )
    frames = " 01 + 08 00" if one.part == "v" else ""
    head = f"{_OFFSET.format(offsets[one.name])} 00 {one.part} {len(one.words):02x}"
    return f"{head} {words} {len(one.pointers):03d}{pointers}{frames} | what it means\n"


def _index(part: str, synsets: Sequence[Synset], offsets: Mapping[str, int]) -> str:
    senses: dict[str, list[int]] = {}
    for one in synsets:
        if one.part == part:
            for word in one.words:
                senses.setdefault(word.partition("(")[0].lower(), []).append(offsets[one.name])
    lines = (
        f"{word} {part} {len(at)} 1 @ {len(at)} 0 {' '.join(map(_OFFSET.format, at))}  \n"
        for word, at in senses.items()
    )
    return "".join(sorted(lines))
