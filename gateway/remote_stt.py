"""Ears at an endpoint that speaks OpenAI's protocol: an utterance is sent whole, once it has ended."""

from __future__ import annotations

import io
import wave

from openai import AsyncOpenAI, OpenAIError

from device.contracts import RATE_HZ, Frame, Transcript
from device.errors import SttError

LONGEST_FRAMES = 6000
"""Two minutes."""


class RemoteStt:
    """The `SpeechToText` port."""

    name = "remote"

    def __init__(self, client: AsyncOpenAI, model: str, language: str) -> None:
        self._client = client
        self._model = model
        self._language = language

    def listen(self) -> RemoteListening:
        return RemoteListening(self._client, self._model, self._language)

    async def close(self) -> None:
        await self._client.close()


class RemoteListening:
    """The `Listening` port; there are no words before the end."""

    partial = ""

    def __init__(self, client: AsyncOpenAI, model: str, language: str) -> None:
        self._client = client
        self._model = model
        self._language = language
        self._frames: list[bytes] = []

    def feed(self, frame: Frame) -> None:
        if len(self._frames) >= LONGEST_FRAMES:
            raise SttError("The utterance is too long.")
        self._frames.append(frame.pcm)

    async def finish(self) -> Transcript:
        if not self._frames:
            return Transcript("", RemoteStt.name, speech=False)
        try:
            heard = await self._client.audio.transcriptions.create(
                model=self._model,
                file=("utterance.wav", _wav(b"".join(self._frames))),
                language=self._language,
            )
        except OpenAIError as error:
            raise SttError(f"The speech recogniser's endpoint failed: {type(error).__name__}.") from error
        return Transcript(heard.text.strip(), RemoteStt.name)

    async def abandon(self) -> None:
        """A request under way ends with the task that waits for it."""
        self._frames.clear()


def _wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writing:
        writing.setnchannels(1)
        writing.setsampwidth(2)
        writing.setframerate(RATE_HZ)
        writing.writeframes(pcm)
    return file.getvalue()
