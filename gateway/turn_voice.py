"""An answer's sound on its way to the device: spoken clause by clause, packed, and sent when it is due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import cast

import numpy as np
import soxr

from device.contracts import Audio, Emotion
from device.link.native import Media
from device.ports import TextToSpeech
from gateway import codec
from gateway.party import Party, Send


class TurnVoice:
    """One turn's sound: one stream of packets, numbered through."""

    def __init__(
        self,
        turn_id: int,
        engine: TextToSpeech,
        party: Party,
        send: Send,
        ahead_s: float,
        begins: Callable[[], None],
    ) -> None:
        """`begins` is called when the first packet is about to be sent."""
        self._turn_id = turn_id
        self._engine = engine
        self._rate_hz = party.rate_hz
        self._frame_s = party.frame_ms / 1000
        self._frame_bytes = 2 * party.rate_hz * party.frame_ms // 1000
        self._encoder = codec.encoder(party.rate_hz, party.frame_ms)
        self._send = send
        self._ahead_s = ahead_s
        self._begins = begins
        self._began_s: float | None = None
        self._fed_bytes = 0

    async def speak(self, text: str, mood: Emotion) -> None:
        """Send a clause's sound; what is not due for long waits here. Raises TtsError, Gone."""
        sounds = cast(AsyncGenerator[Audio, None], self._engine.synthesise(text, mood))
        resampling: _Resampling | None = None
        async with aclosing(sounds):
            async for sound in sounds:
                resampling = resampling or _Resampling(sound.rate_hz, self._rate_hz)
                await self._pack(resampling.feed(sound.pcm))
        if resampling is not None:
            await self._pack(resampling.finish())
            await self._pack(bytes(-self._fed_bytes % self._frame_bytes))  # the clause's last packet

    async def _pack(self, pcm: bytes) -> None:
        self._fed_bytes += len(pcm)
        for number, packet in self._encoder.encode(pcm):
            await self._until_due(number)
            await self._send(Media(self._turn_id, number, packet))

    async def _until_due(self, number: int) -> None:
        due_s, now_s = number * self._frame_s, time.monotonic()
        if self._began_s is None:
            self._begins()
            self._began_s = now_s
        self._began_s = max(self._began_s, now_s - due_s)  # it ran dry: what follows is due later
        early_s = self._began_s + due_s - self._ahead_s - now_s
        if early_s > 0:
            await asyncio.sleep(early_s)


class _Resampling:
    """A clause from the engine's rate to the link's."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16") if from_hz != to_hz else None

    def feed(self, pcm: bytes) -> bytes:
        return self._chunk(pcm, last=False)

    def finish(self) -> bytes:
        return self._chunk(b"", last=True)

    def _chunk(self, pcm: bytes, last: bool) -> bytes:
        if self._stream is None:
            return pcm
        samples = np.frombuffer(pcm, np.int16)
        return bytes(self._stream.resample_chunk(samples, last=last).tobytes())
