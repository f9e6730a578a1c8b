"""Consent that was taken back: what was kept by it is erased at the next start."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

from device.config import Consent
from device.errors import TwomindsError
from device.private_file import write_private

log = logging.getLogger(__name__)

FILE: Final = "consents.json"
"""Which consents stood at the last start. Only what stood, or may have stood, can be taken back."""

Erase = Callable[[], Awaitable[object]]
"""Erases for good what was kept by a consent. Raises OSError, sqlite3.Error, TwomindsError."""


async def erase_withdrawn(state: Path, consent: Consent, erasers: Mapping[str, Erase]) -> None:
    """Erase by consents, named as in the settings, that do not stand any more; what fails is tried next time.

    `consent.transcripts` is not among them: what it allows is erased where it is read (`device/memory.py`).
    """
    file = state / FILE
    before = _given_before(file)
    given = {name for name in erasers if getattr(consent, name)}
    still = set()
    for name, erase in erasers.items():
        if name not in given and (before is None or name in before) and not await _erased(name, erase):
            still.add(name)
    if given | still != before:
        _note(file, given | still)


async def _erased(name: str, erase: Erase) -> bool:
    try:
        await erase()
    except (OSError, sqlite3.Error, TwomindsError) as error:
        log.error("what was kept while consent.%s was true cannot be erased: %s", name, error)
        return False
    return True


def _given_before(file: Path) -> set[str] | None:
    """None where nobody knows."""
    try:
        return {str(name) for name in json.loads(file.read_text("utf-8"))}
    except (OSError, ValueError, TypeError):
        return None


def _note(file: Path, given: set[str]) -> None:
    try:
        write_private(file, json.dumps(sorted(given)).encode())
    except OSError as error:
        log.error("which consents stand cannot be noted: %s", error)
