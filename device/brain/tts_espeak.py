"""espeak-ng as a subprocess: a voice that is always there, 10 to 20 ms a sentence.

The text goes in through standard input, so that it neither shows in the process list nor can be
taken for an option. The program is GPL and stays a program of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import struct
from collections.abc import AsyncIterator

import numpy as np

from device.config import VoiceSettings
from device.contracts import Audio
from device.errors import EngineMissing, TtsError

PROGRAM = "espeak-ng"
PIECE_S = 0.2
HEADER_BYTES = 44
QUIET = 200
"""Samples below this, at the beginning of a clause, are espeak's own lead-in."""
LEAD_IN_KEPT_S = 0.01
LONGEST_TEXT = 5_000


class EspeakVoice:
    """See `ports.TextToSpeech`. Nothing blocks: the work is a process's, killed when it is not wanted."""

    name = PROGRAM

    def __init__(self, voice: VoiceSettings) -> None:
        """Raises EngineMissing."""
        program = shutil.which(PROGRAM)
        if program is None:
            raise EngineMissing(f"{PROGRAM} is not installed: sudo apt-get install {PROGRAM}")
        self._command = (
            program,
            "--stdin",
            "--stdout",
            "-v",
            voice.name,
            "-s",
            str(voice.words_per_minute),
            "-p",
            str(voice.pitch),
            "-b",
            "1",  # UTF-8
            "-z",  # no pause after the last sentence
        )

    async def synthesise(self, text: str) -> AsyncIterator[Audio]:
        """Pieces of at most 0.2 s at the voice's rate (22,050 Hz). Raises TtsError."""
        speakable = speakable_text(text)
        if not speakable:
            return
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise TtsError(f"{PROGRAM} could not be started ({error.strerror}).") from error
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            process.stdin.write(speakable.encode())
            process.stdin.close()
            async for audio in _pieces(process.stdout):
                yield audio
            if await process.wait() != 0:
                complaint = (await process.stderr.read(500)).decode(errors="replace").strip()
                raise TtsError(f"{PROGRAM} failed: {complaint or process.returncode}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def close(self) -> None:
        """Nothing is kept between clauses."""


def speakable_text(text: str) -> str:
    """Without what espeak would spell out: control characters, emoji and other symbols."""
    kept = "".join(c if c.isprintable() and not _is_symbol(c) else " " for c in text)
    return " ".join(kept.split())[:LONGEST_TEXT] if any(c.isalnum() for c in kept) else ""


def _is_symbol(c: str) -> bool:
    return ord(c) >= 0x2190 and not c.isalnum()


async def _pieces(stream: asyncio.StreamReader) -> AsyncIterator[Audio]:
    """The PCM behind the header, whose sizes are not true when it is streamed."""
    try:
        header = await stream.readexactly(HEADER_BYTES)
    except asyncio.IncompleteReadError:
        return
    (rate_hz,) = struct.unpack_from("<I", header, 24)
    piece_bytes = 2 * round(PIECE_S * rate_hz)
    begun = False
    while pcm := await _read_whole(stream, piece_bytes):
        if not begun:
            pcm = _without_lead_in(pcm, rate_hz)
            begun = bool(pcm)
        if pcm:
            yield Audio(pcm, rate_hz)


async def _read_whole(stream: asyncio.StreamReader, count: int) -> bytes:
    """Up to `count` bytes, an even number; nothing at the end."""
    try:
        return await stream.readexactly(count)
    except asyncio.IncompleteReadError as error:
        return error.partial[: len(error.partial) // 2 * 2]


def _without_lead_in(pcm: bytes, rate_hz: int) -> bytes:
    samples = np.frombuffer(pcm, "<i2")
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > QUIET)
    if not len(loud):
        return b""
    return pcm[2 * max(0, int(loud[0]) - round(LEAD_IN_KEPT_S * rate_hz)) :]
