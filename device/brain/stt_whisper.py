"""Free speech: Whisper by faster-whisper, transcribing while the button is held."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from device.brain.queued_listening import Intake, QueuedListening
from device.brain.whisper_pass import WhisperPasses
from device.brain.whisper_utterance import Passes, WhisperUtterance
from device.config import Whisper
from device.contracts import FRAME_BYTES, Transcript
from device.jobs import STOP_GRACE_S, StopFlag, Worker

LOOK_EVERY_BYTES = 5 * FRAME_BYTES
"""How often the sound so far is looked at for a pause: 100 ms."""

LONGEST_GRACE_S = 10.0
"""How long a pass that nobody wants any more is waited for at most."""


class WhisperStt:
    """The `SpeechToText` port.

    The model lives in a thread of its own. A pass of CTranslate2 cannot be stopped midway: after
    release, in the worst case, one that began just before speech went on ends first, then the tail
    has its own (in `fitted`, twice each when the first looks wrong). An utterance that is abandoned
    stops after the pass under way, which is waited for; a model that takes much longer than that is
    given up and loaded anew.
    """

    name = "whisper"

    def __init__(
        self,
        model: Path,
        language: str,
        settings: Whisper,
        cores: int,
        make: Callable[[Path, str, Whisper, int], Passes] = WhisperPasses,
    ) -> None:
        """`model`: a folder in CTranslate2 form, its tokenizer.json included. `make` loads it."""
        threads = settings.threads or threads_for(cores)
        self._worker: Worker[Passes] = Worker(
            "speech recogniser", lambda: make(model, language, settings, threads)
        )

    async def load(self, deadline_s: float) -> None:
        """Load the model now rather than at the first utterance. Raises EngineMissing, StageTimeout."""
        await self._worker.load(deadline_s)

    def listen(self) -> QueuedListening[Passes]:
        return QueuedListening(self._worker, self._hear)

    async def close(self) -> None:
        await self._worker.close()

    def _hear(self, passes: Passes, intake: Intake, stop: StopFlag) -> Transcript:
        """In the worker's thread, until there are no more frames and nothing is left to do."""
        self._worker.grace_s = grace_for(passes.took_s)
        utterance = WhisperUtterance(passes)
        unseen = b""
        for pcm in intake.batches(stop):
            unseen += pcm
            if len(unseen) < LOOK_EVERY_BYTES or intake.ended:
                continue
            utterance.add(unseen)
            unseen = b""
            utterance.step(released=False)
            intake.partial = utterance.partial
        utterance.add(unseen)
        while not stop and utterance.step(released=True):
            intake.partial = utterance.partial
        return utterance.transcript(self.name)


def grace_for(pass_s: float) -> float:
    """How long a stopped utterance may still take, where a pass takes `pass_s`: a board is no hang."""
    return min(max(STOP_GRACE_S, 2 * pass_s), LONGEST_GRACE_S)


def threads_for(cores: int) -> int:
    """From three cores on one is left to everything else; no more than four, for models this small."""
    return max(1, min(4, cores if cores < 3 else cores - 1))
