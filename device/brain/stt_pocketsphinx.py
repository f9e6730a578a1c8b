"""Speech commands: pocketsphinx on the grammar of the skills, decoding while the button is held."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable, Mapping

from device.brain.command_decoder import CommandDecoder, Decoded, read_pronunciations
from device.brain.command_verifier import Verifier, load_verifier
from device.brain.speech_grammar import Grammar
from device.contracts import Frame, Transcript
from device.errors import SttError
from device.jobs import Job, StopFlag, Worker

log = logging.getLogger(__name__)

LONGEST_FRAMES = 6000
"""Two minutes: more than the longest utterance that can be set, so nothing is lost before a hang."""

FINISH_LIMIT_S = 30.0
"""A decoder that does not come back by then is given up, should nobody have given it up before."""

URGENT_FROM = 0.02
"""An urgent sentence is believed from here: a false stop does little harm, a missed one does."""

PARTIAL_EVERY_FRAMES = 10
"""How often the words so far are looked up: 200 ms."""


class PocketsphinxStt:
    """The `SpeechToText` port.

    What fits no command well enough is heard as speech without words; what fits one fairly is not
    certain. The decoder lives in a thread of its own. Its longest uninterruptible call is the first
    second of speech, decoded at once when it has been heard: some 100 ms on a desktop core.
    """

    name = "pocketsphinx"

    def __init__(
        self,
        grammar: Grammar,
        pronunciations: Mapping[str, str] | None = None,
        verifier: Verifier | None = None,
        urgent: frozenset[str] = frozenset(),
    ) -> None:
        """`pronunciations` and `verifier` are those that come with the product where none are given.

        `urgent` are the sentences that must hardly ever be missed.
        """
        words = read_pronunciations() if pronunciations is None else pronunciations
        self._verifier = verifier or load_verifier()
        self._urgent = urgent
        self._worker = Worker("speech recogniser", lambda: CommandDecoder(grammar, words))

    async def load(self, deadline_s: float) -> frozenset[str]:
        """Load the model now rather than at the first utterance; the words that cannot be recognised.

        Raises EngineMissing, SttError, StageTimeout.
        """
        return await self._worker.run(lambda decoder, _: decoder.unknown_words, deadline_s)

    def listen(self) -> PocketsphinxListening:
        return PocketsphinxListening(self._worker, self._judged)

    async def close(self) -> None:
        self._worker.close()

    def _judged(self, decoded: Decoded) -> Transcript:
        return judged(decoded, self._verifier, self._urgent)


class PocketsphinxListening:
    """The `Listening` port: one utterance, made inside the event loop."""

    def __init__(self, worker: Worker[CommandDecoder], judge: Callable[[Decoded], Transcript]) -> None:
        self._judge = judge
        self._frames: queue.Queue[Frame | None] = queue.Queue(LONGEST_FRAMES)
        self._partial = ""
        self._job: Job[Transcript] = worker.submit(self._decode)

    def feed(self, frame: Frame) -> None:
        """Raises SttError when the decoder has hung: the queue holds more than any utterance."""
        self._put(frame)

    @property
    def partial(self) -> str:
        return self._partial

    async def finish(self) -> Transcript:
        self._put(None)
        return await self._job.result(FINISH_LIMIT_S)

    async def abandon(self) -> None:
        if not self._frames.full():
            self._frames.put_nowait(None)
        await self._job.stop()

    def _put(self, frame: Frame | None) -> None:
        try:
            self._frames.put_nowait(frame)
        except queue.Full as error:
            raise SttError("The speech recogniser does not keep up.") from error

    def _decode(self, decoder: CommandDecoder, stop: StopFlag) -> Transcript:
        """In the worker's thread, until there are no more frames."""
        try:
            decoder.start()
            number = 0
            while (frame := self._frames.get()) is not None and not stop:
                decoder.feed(frame.pcm)
                number += 1
                if number % PARTIAL_EVERY_FRAMES == 0:
                    self._partial = decoder.partial
            return self._judge(decoder.finish())
        except RuntimeError as error:
            raise SttError("The speech recogniser failed on this utterance.") from error


def judged(decoded: Decoded, verifier: Verifier, urgent: frozenset[str] = frozenset()) -> Transcript:
    """What was decoded, if the verifier believes it, or nearly if it is urgent."""
    name = PocketsphinxStt.name
    if decoded.evidence is None:
        return Transcript("", name, confidence=0.0, certain=False, speech=decoded.loud)
    confidence = verifier.confidence(decoded.evidence)
    accept_from = min(URGENT_FROM, verifier.accept_from) if decoded.text in urgent else verifier.accept_from
    if confidence < accept_from:
        return Transcript("", name, confidence, certain=False)
    return Transcript(decoded.text, name, confidence, certain=confidence >= verifier.certain_from)
