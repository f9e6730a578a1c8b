"""Lines of a pack as one expression over normalised words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from device.brain.pack_files import BrokenPack

_STANDS_FOR: Final = re.compile(r"<(\w+)>")


def compiled(path: Path, found: Mapping[str, Sequence[str]], lines: Sequence[str]) -> re.Pattern[str]:
    """Any of the lines, as whole words; <heading> stands for any line of `found[heading]`.

    Raises BrokenPack, which names `path`.
    """
    expressions = [rf"(?<!\S)(?:{_filled(path, found, line)})(?!\S)" for line in lines]
    return re.compile("|".join(expressions))


def _filled(path: Path, found: Mapping[str, Sequence[str]], line: str) -> str:
    """A line with the words that <heading> stands for. Raises BrokenPack."""
    try:
        while _STANDS_FOR.search(line):
            line = _STANDS_FOR.sub(lambda name: f"(?:{'|'.join(found[name[1]])})", line)
        re.compile(line)
    except (KeyError, re.error) as error:
        raise BrokenPack(path, 1, f"{line[:80]!r} is no pattern ({error}); mend it.") from error
    return line
