"""Files for their owner's eyes alone: written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def write_private(file: Path, content: bytes) -> None:
    """Readable by this user only (0600), in a folder that is made for this user only (0700).

    Whoever reads sees what was there before or all of `content`; after a power cut, too, it is `content`
    once this has returned. Raises OSError.
    """
    with _written(file, content) as whole:
        whole.replace(file)
    _keep_names(file.parent)


def make_private(file: Path, content: bytes) -> None:
    """The same for a file that is not there yet: of several who make it at once, one does.

    It is there after a power cut, too. Raises FileExistsError for all others, OSError.
    """
    with _written(file, content) as whole:
        os.link(whole, file)
    _keep_names(file.parent)


@contextlib.contextmanager
def _written(file: Path, content: bytes) -> Iterator[Path]:
    """On the disk beside `file`, under another name; what is left of that is removed in the end."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(descriptor)
        yield unfinished
    finally:
        with contextlib.suppress(FileNotFoundError):
            unfinished.unlink()


def _keep_names(folder: Path) -> None:
    """A file's new name is on the disk only when its folder is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
