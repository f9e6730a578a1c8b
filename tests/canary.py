"""Words that nobody else says, and a search for them in every byte that a program leaves behind."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

Place = tuple[str, bytes]
"""Where bytes were found, and they."""


def traces(words: Iterable[str], places: Iterable[Place]) -> list[str]:
    """`place: word` wherever a word is, in letters of either size, as UTF-8 or UTF-16.

    Without its zero bytes UTF-16 is what UTF-8 is, for the letters of these words.
    """
    return [
        f"{where}: {word}"
        for where, content in places
        for letters in (content.translate(None, b"\0").lower(),)
        for word in words
        if word.encode("ascii") in letters
    ]


def files_below(folder: Path) -> Iterator[Place]:
    """Every file, hidden ones and all that belongs to a database, with its name as part of it.

    One that goes away meanwhile is passed over.
    """
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            with contextlib.suppress(FileNotFoundError):
                yield str(file.relative_to(folder)), os.fsencode(file.name) + b"\n" + file.read_bytes()


def files_held_open(pid: int) -> Iterator[Place]:
    """What a process has open without a name: temporary files, files in memory."""
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            name = os.readlink(entry)
            if (name.endswith("(deleted)") or name.startswith("/memfd")) and entry.is_file():
                yield name, entry.read_bytes()
