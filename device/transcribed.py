"""Folders of recordings with transcripts, as people and corpora keep them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from device.audio.recording import ENDINGS
from device.errors import AudioFileError

FILE_COLUMNS = ("path", "file", "file_name")
TEXT_COLUMNS = ("transcript", "sentence", "text")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A recording and what is said in it."""

    file: Path
    text: str


def transcribed(folder: Path) -> list[Spoken]:
    """Every recording below `folder` of which a transcript tells what is said, sorted by name.

    A transcript is a text beside a recording of the same name (a.wav, a.txt), a row of a table
    (*.tsv with the columns `path` and `transcript`, paths from the table's folder), or a line of a
    LibriSpeech list (*.trans.txt). What has no recording, and an empty transcript, are left out.

    Raises AudioFileError when there is none.
    """
    if not folder.is_dir():
        raise AudioFileError(f"{folder} is not a folder: name one with recordings and their transcripts.")
    found = {spoken.file: spoken for spoken in _all(folder) if spoken.text.strip()}
    if not found:
        raise AudioFileError(
            f"{folder} has no recordings with transcripts: put a.txt beside a.wav, or a table with the "
            "columns path and transcript."
        )
    return [found[file] for file in sorted(found)]


def _all(folder: Path) -> Iterator[Spoken]:
    for file in sorted(folder.rglob("*")):
        if file.name.endswith(".trans.txt"):
            yield from _librispeech(file)
        elif file.suffix == ".tsv":
            yield from _table(file)
        elif file.suffix == ".txt":
            yield from _recorded(file.with_suffix(""), _read(file))


def _librispeech(file: Path) -> Iterator[Spoken]:
    """Lines of a name, a space and the words."""
    for line in _read(file).splitlines():
        name, _, text = line.partition(" ")
        yield from _recorded(file.parent / name, text)


def _table(file: Path) -> Iterator[Spoken]:
    """Tables without the two columns are about something else."""
    rows = csv.DictReader(_read(file).splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = rows.fieldnames or []
    file_column = next((name for name in FILE_COLUMNS if name in columns), None)
    text_column = next((name for name in TEXT_COLUMNS if name in columns), None)
    if file_column is None or text_column is None:
        return
    for row in rows:
        recording = file.parent / (row[file_column] or "")
        if recording.suffix.lower() in ENDINGS and recording.is_file():
            yield Spoken(recording, row[text_column] or "")


def _recorded(stem: Path, text: str) -> Iterator[Spoken]:
    """The recording of that name, whatever its kind."""
    for ending in ENDINGS:
        if (recording := stem.with_name(stem.name + ending)).is_file():
            yield Spoken(recording, text)


def _read(file: Path) -> str:
    """Raises AudioFileError."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AudioFileError(f"{file} cannot be read as text: save it as UTF-8.") from error
