"""Speech commands: pocketsphinx on the grammar of the skills, decoding while the button is held."""

from __future__ import annotations

import logging
import queue
from collections.abc import Mapping

from device.brain.command_decoder import CommandDecoder
from device.brain.speech_grammar import Grammar
from device.contracts import Frame, Transcript
from device.errors import SttError
from device.jobs import Job, StopFlag, Worker

log = logging.getLogger(__name__)

LONGEST_FRAMES = 6000
"""Two minutes: more than the longest utterance that can be set, so nothing is lost before a hang."""

FINISH_LIMIT_S = 30.0
"""A decoder that does not come back by then is given up, should nobody have given it up before."""

PARTIAL_EVERY_FRAMES = 10
"""How often the words so far are looked up: 200 ms."""


class PocketsphinxStt:
    """The `SpeechToText` port.

    The decoder lives in a thread of its own. Its longest uninterruptible call is one frame, some
    milliseconds on a slow board.
    """

    name = "pocketsphinx"

    def __init__(self, grammar: Grammar, pronunciations: Mapping[str, str]) -> None:
        self._worker = Worker("speech recogniser", lambda: CommandDecoder(grammar, pronunciations))

    async def load(self, deadline_s: float) -> frozenset[str]:
        """Load the model now rather than at the first utterance; the words that cannot be recognised.

        Raises EngineMissing, SttError, StageTimeout.
        """
        return await self._worker.run(lambda decoder, _: decoder.unknown_words, deadline_s)

    def listen(self) -> PocketsphinxListening:
        return PocketsphinxListening(self._worker)

    async def close(self) -> None:
        self._worker.close()


class PocketsphinxListening:
    """The `Listening` port: one utterance, made inside the event loop."""

    def __init__(self, worker: Worker[CommandDecoder]) -> None:
        self._frames: queue.Queue[Frame | None] = queue.Queue(LONGEST_FRAMES)
        self._partial = ""
        self._job: Job[Transcript] = worker.submit(self._decode)

    def feed(self, frame: Frame) -> None:
        """Raises SttError when the decoder has hung: the queue holds more than any utterance."""
        try:
            self._frames.put_nowait(frame)
        except queue.Full as error:
            raise SttError("The speech recogniser does not keep up.") from error

    @property
    def partial(self) -> str:
        return self._partial

    async def finish(self) -> Transcript:
        self._frames.put_nowait(None)
        return await self._job.result(FINISH_LIMIT_S)

    async def abandon(self) -> None:
        if not self._frames.full():
            self._frames.put_nowait(None)
        await self._job.stop()

    def _decode(self, decoder: CommandDecoder, stop: StopFlag) -> Transcript:
        """In the worker's thread, until there are no more frames."""
        decoder.start()
        number = 0
        while (frame := self._frames.get()) is not None and not stop:
            decoder.feed(frame.pcm)
            number += 1
            if number % PARTIAL_EVERY_FRAMES == 0:
                self._partial = decoder.partial
        decoded = decoder.finish()
        return Transcript(decoded.text, PocketsphinxStt.name, speech=bool(decoded.text))
