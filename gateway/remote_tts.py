"""A voice at an endpoint that speaks OpenAI's protocol, as a stream of samples."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx
from openai import AsyncOpenAI, OpenAIError

from device.contracts import Audio, Emotion
from device.errors import TtsError

RATE_HZ = 24_000
"""Of `response_format=pcm`, by OpenAI's reference: 16 bit, little-endian, mono."""
PIECE_BYTES = 4800


class RemoteTts:
    """The `TextToSpeech` port."""

    name = "remote"

    def __init__(self, client: AsyncOpenAI, model: str, voice: str) -> None:
        self._client = client
        self._model = model
        self._voice = voice

    async def synthesise(self, text: str, emotion: Emotion = Emotion.NEUTRAL) -> AsyncGenerator[Audio, None]:
        try:
            async with self._client.audio.speech.with_streaming_response.create(
                model=self._model, voice=self._voice, input=text, response_format="pcm"
            ) as response:
                odd = b""
                async for data in response.iter_bytes(PIECE_BYTES):
                    data = odd + data
                    whole = len(data) // 2 * 2
                    odd = data[whole:]
                    yield Audio(data[:whole], RATE_HZ)
        except (OpenAIError, httpx.HTTPError) as error:
            raise TtsError(f"The voice's endpoint failed: {type(error).__name__}.") from error

    async def close(self) -> None:
        await self._client.close()
