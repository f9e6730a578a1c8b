"""Speech commands: pocketsphinx on the grammar of the skills, decoding while the button is held."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from device.brain.command_decoder import CommandDecoder, Decoded, read_pronunciations
from device.brain.command_verifier import Verifier, load_verifier
from device.brain.queued_listening import Intake, QueuedListening
from device.brain.speech_grammar import Grammar
from device.contracts import Transcript
from device.jobs import StopFlag, Worker

log = logging.getLogger(__name__)

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

    def listen(self) -> QueuedListening[CommandDecoder]:
        return QueuedListening(self._worker, self._hear)

    async def close(self) -> None:
        await self._worker.close()

    def _hear(self, decoder: CommandDecoder, intake: Intake, stop: StopFlag) -> Transcript:
        """In the worker's thread, until there are no more frames."""
        decoder.start()
        for number, pcm in enumerate(intake.frames(stop), start=1):
            decoder.feed(pcm)
            if number % PARTIAL_EVERY_FRAMES == 0:
                intake.partial = decoder.partial
        return judged(decoder.finish(), self._verifier, self._urgent)


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
