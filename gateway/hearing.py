"""A spoken question on its way to its words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from device.contracts import FRAME_BYTES, Frame, Transcript
from device.link.native import Media
from device.ports import Listening, SoundDecoder

LOOK_S = 0.3
"""How often it is looked whether more was understood."""


class Hearing:
    """One utterance: packets in, transcripts out. `abandon` it in the end, whatever happened."""

    def __init__(self, listening: Listening, decoder: SoundDecoder, longest_s: float) -> None:
        self._listening = listening
        self._decoder = decoder
        self._longest_s = longest_s
        self._rest = b""
        self._heard_s = 0.0
        self._ended = asyncio.Event()

    def take(self, media: Media) -> None:
        """Raises LinkError for what is no packet, SttError when the recogniser does not keep up."""
        if self._ended.is_set():
            return
        sound = self._decoder.decode(media.number, media.packet)
        if sound is None:
            return
        self._heard_s += sound.duration_s
        self._rest += sound.pcm
        while len(self._rest) >= FRAME_BYTES:
            self._listening.feed(Frame(self._rest[:FRAME_BYTES], self._heard_s))
            self._rest = self._rest[FRAME_BYTES:]
        if self._heard_s >= self._longest_s:
            self.end()

    def end(self) -> None:
        """Nobody speaks any more. Idempotent."""
        self._ended.set()

    async def transcripts(self) -> AsyncIterator[str]:
        """What was understood so far, whenever that changed, until the utterance has ended."""
        shown = ""
        ends_s = asyncio.get_running_loop().time() + self._longest_s
        while not self._ended.is_set() and asyncio.get_running_loop().time() < ends_s:
            try:
                async with asyncio.timeout(LOOK_S):
                    await self._ended.wait()
            except TimeoutError:
                if (partial := self._listening.partial) != shown:
                    shown = partial
                    yield partial
        self.end()

    async def final(self) -> Transcript:
        """Raises SttError."""
        return await self._listening.finish()

    async def abandon(self) -> None:
        await self._listening.abandon()
