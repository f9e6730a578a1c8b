"""Reading the plain text files of a reply pack, and saying what is wrong with them, by line.

Every file is UTF-8; a line that begins with `#` is a comment. Two shapes: paragraphs with an empty
line between them, and lines under `[headings]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.errors import SettingsError


class BrokenPack(SettingsError):
    """A line of a pack cannot be used: says which file, which line and what to do."""

    code = "pack"

    def __init__(self, where: Path, line: int, what_to_do: str) -> None:
        super().__init__(f"{where}, line {line}: {what_to_do}")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that stand together, stripped, and the number of the first."""

    line: int
    lines: tuple[str, ...]


def lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not comments, stripped, with their numbers from 1. Raises BrokenPack."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as wrong:
        broken_line = path.read_bytes()[: wrong.start].count(b"\n") + 1
        raise BrokenPack(path, broken_line, "save the file as UTF-8 text.") from wrong
    except OSError as missing:
        raise BrokenPack(path, 1, f"the file cannot be read ({missing.strerror}); put it back.") from missing
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.lstrip().startswith("#"):
            yield number, line.strip()


def paragraphs(path: Path) -> Iterator[Paragraph]:
    """The paragraphs of a file. Raises BrokenPack."""
    gathered: list[str] = []
    first = 1
    for number, line in lines_of(path):
        if line:
            first = first if gathered else number
            gathered.append(line)
        elif gathered:
            yield Paragraph(first, tuple(gathered))
            gathered = []
    if gathered:
        yield Paragraph(first, tuple(gathered))


def sections(path: Path) -> dict[str, tuple[str, ...]]:
    """The lines under each `[heading]`. Raises BrokenPack for a line above the first, or an empty one."""
    found: dict[str, list[str]] = {}
    started: dict[str, int] = {}
    heading = None
    for number, line in lines_of(path):
        if line.startswith("[") and line.endswith("]"):
            heading = line[1:-1].strip()
            if heading in found:
                raise BrokenPack(path, number, f"[{heading}] stands here a second time; join the two.")
            found[heading], started[heading] = [], number
        elif line and heading is None:
            raise BrokenPack(path, number, "put a [heading] above this line.")
        elif line and heading is not None:
            found[heading].append(line)
    for heading, under in found.items():
        if not under:
            raise BrokenPack(path, started[heading], f"write at least one line under [{heading}].")
    return {heading: tuple(under) for heading, under in found.items()}
