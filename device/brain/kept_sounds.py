"""Rendered clauses of one voice on disk: `<root>/<voice>/<clause>.wav`, both names being hashes.

Everything here blocks, so it belongs into a worker's thread.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import struct
import zlib
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from device.contracts import Audio

LONGEST_S = 60
"""A file with more sound than this is not a clause."""
VOICES_KEPT = 2
"""The voice in use and the one before it: a person who tries another voice may come back."""

_FORMAT = 1
"""Raise it when the same text, voice and settings sound otherwise than before."""
_RATES_HZ = range(8_000, 48_001)
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_RATE_AT = slice(24, 28)
_CHECK = struct.Struct("<4sII")
_VOICE_FOLDER = re.compile(r"[0-9a-f]{16}")


def voice_name(key: str) -> str:
    """A short name for the voice that `key` describes, the same as long as it sounds the same."""
    return _digest(f"{_FORMAT} {key}")[:16]


class KeptSounds:
    """One voice's folder; `key` names everything that its sound depends on."""

    def __init__(self, root: Path, key: str) -> None:
        self._root = root
        self._folder = root / voice_name(key)

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
                file.write(_wav(audio))
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


def _wav(audio: Audio) -> bytes:
    """A mono WAV (Microsoft's RIFF) whose last chunk is a checksum of its samples."""
    check = _CHECK.pack(b"crc ", 4, zlib.crc32(audio.pcm))
    riff_bytes = _HEADER.size - 8 + len(audio.pcm) + len(check)
    form = (16, 1, 1, audio.rate_hz, 2 * audio.rate_hz, 2, 16)
    header = _HEADER.pack(b"RIFF", riff_bytes, b"WAVE", b"fmt ", *form, b"data", len(audio.pcm))
    return header + audio.pcm + check


def _read(path: Path) -> Audio | None:
    """The sound of a file just as `_wav` makes it; None where there is none, or it is damaged."""
    try:
        if path.stat().st_size > 2 * LONGEST_S * _RATES_HZ[-1]:
            return None
        content = path.read_bytes()
    except OSError:
        return None
    rate_hz = int.from_bytes(content[_RATE_AT], "little")
    if rate_hz not in _RATES_HZ:
        return None
    audio = Audio(content[_HEADER.size : -_CHECK.size], rate_hz)
    return audio if audio.pcm and content == _wav(audio) else None


def _file_name(clause: str) -> str:
    return f"{_digest(clause)[:32]}.wav"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
