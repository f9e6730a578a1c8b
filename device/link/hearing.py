"""An utterance's sound on its way to System 2, while it is spoken; and what was heard of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from device.contracts import Frame, Transcript
from device.errors import SttError
from device.link import native as n
from device.link.dialect import ToSystem2
from device.link.exchange import Exchange
from device.ports import SoundEncoder

ENGINE = "system 2"
LONGEST_S = 30.0
"""From the end of the sound to its transcript; whoever waits has given it up long before."""


class Hearing:
    """ports.Listening. The answer may come with the transcript, so its exchange is there from the start."""

    def __init__(
        self,
        exchange: Exchange,
        encoder: SoundEncoder,
        send: Callable[[ToSystem2], None],
        ended: Callable[[], None],
        clear: Callable[[], None],
        *,
        tells_words: bool = True,
    ) -> None:
        """`ended`: all of the sound was sent. `clear`: nobody wants this turn any more.

        `tells_words`: an empty transcript means that nobody spoke, and there is nothing to ask about.
        """
        self.exchange = exchange
        self._encoder = encoder
        self._send = send
        self._end = ended
        self._clear = clear
        self._tells_words = tells_words
        self._partial = ""
        self._ended = False
        self._final: n.Transcript | None = None
        self._error: SttError | None = None
        self._settled = asyncio.Event()

    @property
    def turn_id(self) -> int:
        return self.exchange.turn_id

    @property
    def understood(self) -> bool:
        """Its transcript has come: a question about it may follow."""
        return self._final is not None

    @property
    def partial(self) -> str:
        return self._partial

    def feed(self, frame: Frame) -> None:
        if not self._ended:
            self._packets(self._encoder.encode(frame.pcm))

    async def finish(self) -> Transcript:
        """Raises SttError, at once when the link is lost. Cancel-safe."""
        if not self._ended:
            self._ended = True
            self._packets(self._encoder.finish())
            self._send(n.End(turn_id=self.turn_id))
            self._end()
        try:
            async with asyncio.timeout(LONGEST_S):
                await self._settled.wait()
        except TimeoutError as error:
            raise SttError(f"System 2 did not say within {LONGEST_S:g} s what it heard.") from error
        if self._final is None:
            raise self._error or SttError("Nobody listens any more.")
        text = self._final.text.strip()
        heard_as = self.turn_id if text or not self._tells_words else None
        return Transcript(text, ENGINE, confidence=self._final.confidence, heard_as=heard_as)

    async def abandon(self) -> None:
        """What was understood stays, for the question about it; the next utterance ends it."""
        if not self.understood:
            self.drop()

    def drop(self) -> None:
        """Nobody wants it any more. Idempotent."""
        self._ended = True
        self._settled.set()
        if not self.exchange.settled:
            self._clear()

    # --- the reader's side -------------------------------------------------------------------------

    def heard(self, transcript: n.Transcript) -> None:
        """So far, or final; nothing changes after that."""
        if self._settled.is_set():
            return
        self._partial = transcript.text
        if transcript.final:
            self._final = transcript
            self._settled.set()

    def fail(self, error: SttError) -> None:
        """No transcript will come."""
        if not self._settled.is_set():
            self._ended, self._error = True, error
            self._settled.set()

    def _packets(self, packets: list[tuple[int, bytes]]) -> None:
        for number, packet in packets:
            self._send(n.Media(self.turn_id, number, packet))
