"""Files that are whole or not there: written aside, flushed to the disk, put in place at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def write_whole(file: Path, content: bytes) -> None:
    """`file` holds the whole new content afterwards, or what it held before, whatever happens meanwhile."""
    aside = file.with_name(file.name + ".new")
    with aside.open("wb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    put_in_place(aside, file)


def put_in_place(aside: Path, file: Path) -> None:
    """Move a finished file to where it belongs, on the same disk; what was there is replaced."""
    os.replace(aside, file)
    flush_folder(file.parent)


def flush_folder(folder: Path) -> None:
    """Let the disk know of files that came, went or were renamed in a folder."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(file: Path) -> str:
    """The file's checksum, in hexadecimal."""
    digest = hashlib.sha256()
    with file.open("rb") as reading:
        while chunk := reading.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
