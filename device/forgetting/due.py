"""What a person wanted forgotten and is not gone yet: on disk before it begins, so that a start goes on."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from device.private_file import write_private

log = logging.getLogger(__name__)

FILE: Final = "forget.json"


class ErasuresDue:
    """Since when each part has to forget, in lived seconds; None: all. No words in it.

    Whatever changes it blocks for a short write to the disk.
    """

    def __init__(self, state: Path) -> None:
        """A file that cannot be read counts as none."""
        self._file = state / FILE
        self._pending = _read(self._file)

    @property
    def pending(self) -> Mapping[str, float | None]:
        return dict(self._pending)

    def add(self, parts: Iterable[str], since_s: float | None) -> None:
        """These parts are to forget, as far back as they were before at least."""
        for part in parts:
            before_s = self._pending.get(part, since_s)
            self._pending[part] = None if before_s is None or since_s is None else min(before_s, since_s)
        self._write()

    def done(self, parts: Iterable[str]) -> None:
        """These have."""
        for part in parts:
            self._pending.pop(part, None)
        self._write()

    def _write(self) -> None:
        """A disk that takes nothing costs the memory of it at the next start, never the erasure itself."""
        try:
            if self._pending:
                write_private(self._file, json.dumps(self._pending).encode())
            else:
                self._file.unlink(missing_ok=True)
        except OSError as error:
            log.error("what is to be forgotten cannot be noted: %s", error)


def _read(file: Path) -> dict[str, float | None]:
    try:
        kept = json.loads(file.read_text("utf-8"))
        return {str(part): None if since_s is None else float(since_s) for part, since_s in kept.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.error("what was to be forgotten cannot be read: %s", error)
        return {}
