"""Rendered clauses of one voice on disk: `<root>/<voice>/<clause>.wav`, both names being hashes.

Everything here blocks, so it belongs into a worker's thread.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import wave
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

import numpy as np

from device.contracts import Audio

LONGEST_S = 60
"""A file with more sound than this is not a clause."""
VOICES_KEPT = 2
"""The voice in use and the one before it: a person who tries another voice may come back."""

_FORMAT = 1
"""Raise it when the same text, voice and settings sound otherwise than before."""
_FASTEST_HZ = 48_000
_SILENT = 100
"""Samples up to this are no sound: a file of zeros is what a power cut leaves."""
_VOICE_FOLDER = re.compile(r"[0-9a-f]{16}")


class KeptSounds:
    """One voice's folder; `key` names everything that its sound depends on."""

    def __init__(self, root: Path, key: str) -> None:
        self._root = root
        self._folder = root / _digest(f"{_FORMAT} {key}")[:16]

    def load(self, clauses: Collection[str]) -> dict[str, Audio]:
        """The sound of each clause that is kept undamaged. What nobody needs any more is removed."""
        files = {clause: self._folder / _file_name(clause) for clause in clauses}
        found = {clause: audio for clause, file in files.items() if (audio := _read(file)) is not None}
        with suppress(OSError):  # a disk that cannot be written can still be read
            self._tidy(frozenset(file.name for file in files.values()))
        return found

    def write(self, clause: str, audio: Audio) -> None:
        """Keep a sound: after a power cut the file is there whole, or as it was. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / _file_name(clause)
        unfinished = path.with_suffix(".part")
        try:
            with unfinished.open("wb") as file:
                with wave.open(file, "wb") as writer:
                    writer.setparams((1, 2, audio.rate_hz, 0, "NONE", ""))
                    writer.writeframes(audio.pcm)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:
            with suppress(OSError):
                unfinished.unlink()
            raise

    def _tidy(self, needed: frozenset[str]) -> None:
        """Remove files of clauses that are not said any more, and the voices that were not used lately."""
        if not self._folder.is_dir():
            return
        for file in self._folder.iterdir():
            if file.name not in needed:
                file.unlink()
        os.utime(self._folder)
        voices = [entry for entry in self._root.iterdir() if _VOICE_FOLDER.fullmatch(entry.name)]
        latest_first = sorted(voices, key=lambda voice: voice.stat().st_mtime, reverse=True)
        for old in latest_first[VOICES_KEPT:]:
            shutil.rmtree(old)


def _read(path: Path) -> Audio | None:
    """A whole sound; None where there is none, or it is damaged."""
    try:
        if path.stat().st_size > 2 * LONGEST_S * _FASTEST_HZ:
            return None
        with wave.open(str(path), "rb") as reader:
            form = (reader.getnchannels(), reader.getsampwidth())
            announced = reader.getnframes()
            audio = Audio(reader.readframes(announced), reader.getframerate())
    except (OSError, EOFError, wave.Error):
        return None
    whole = form == (1, 2) and len(audio.pcm) == 2 * announced
    return audio if whole and audio.rate_hz and _is_sound(audio.pcm) else None


def _is_sound(pcm: bytes) -> bool:
    return bool(pcm) and int(np.abs(np.frombuffer(pcm, np.int16).astype(np.int32)).max()) > _SILENT


def _file_name(clause: str) -> str:
    return f"{_digest(clause)[:32]}.wav"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
