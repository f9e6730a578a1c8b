"""A WAV that is still being written by another program: its header first, then samples as they come."""

from __future__ import annotations

import asyncio

_LONGEST_CHUNK_BYTES = 4_096
"""Chunks before the samples are small; a longer one is not a header."""
_PIECE_BYTES = 8_192
_PCM = 1


class NotWav(ValueError):
    """What comes is not mono 16-bit PCM in a WAV."""


class WavStream:
    """Reads a mono 16-bit WAV to the end of the stream; the sizes in such a header mean nothing."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._odd = b""

    async def rate_hz(self) -> int:
        """Read up to the first sample; once. Raises NotWav, EOFError when the stream ends before."""
        riff = await self._reader.readexactly(12)
        if riff[:4] != b"RIFF" or riff[8:] != b"WAVE":
            raise NotWav("There is no RIFF header.")
        rate_hz = 0
        while True:
            chunk = await self._reader.readexactly(8)
            if chunk[:4] == b"data":
                break
            body = await self._chunk_body(int.from_bytes(chunk[4:], "little"))
            if chunk[:4] == b"fmt ":
                rate_hz = _rate_of(body)
        if not rate_hz:
            raise NotWav("The samples come before their format.")
        return rate_hz

    async def read(self) -> bytes:
        """The next whole samples, as many as are there; nothing at the end."""
        while piece := await self._reader.read(_PIECE_BYTES):
            pcm = self._odd + piece
            whole = len(pcm) // 2 * 2
            self._odd = pcm[whole:]
            if whole:
                return pcm[:whole]
        return b""

    async def _chunk_body(self, size: int) -> bytes:
        if size > _LONGEST_CHUNK_BYTES:
            raise NotWav(f"A chunk of {size} bytes comes before the samples.")
        return (await self._reader.readexactly(size + size % 2))[:size]


def _rate_of(body: bytes) -> int:
    """The rate in a format chunk (Microsoft's WAVEFORMAT)."""
    fields = [int.from_bytes(body[start:end], "little") for start, end in ((0, 2), (2, 4), (4, 8), (14, 16))]
    coding, channels, rate_hz, bits = fields
    if (coding, channels, bits) != (_PCM, 1, 16) or not rate_hz:
        raise NotWav(f"Coding {coding}, {channels} channels of {bits} bits at {rate_hz} Hz.")
    return rate_hz
