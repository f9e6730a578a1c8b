"""One utterance on its way to an engine in a worker's thread: what every STT engine here shares."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from device.contracts import Frame, Transcript
from device.errors import EngineMissing, SttError
from device.jobs import Job, StopFlag, Worker

EngineT = TypeVar("EngineT")

LONGEST_FRAMES = 6000
"""Two minutes: as long as the longest utterance that can be set, so nothing is lost before a hang."""

FINISH_LIMIT_S = 30.0
"""An engine that does not come back by then is given up, should nobody have given it up before."""


class Intake:
    """The frames of one utterance: put in by the event loop, taken out by the engine's thread."""

    def __init__(self) -> None:
        self._frames: queue.Queue[Frame | None] = queue.Queue(LONGEST_FRAMES + 1)
        self.partial = ""
        """The words so far; written by the engine's thread."""
        self.ended = False
        """No frame will come that was not taken; for the engine's thread."""

    def put(self, frame: Frame) -> None:
        """Raises SttError when the engine has hung: the queue holds more than any utterance."""
        if self._frames.qsize() >= LONGEST_FRAMES:
            raise SttError("The speech recogniser does not keep up.")
        self._frames.put_nowait(frame)

    def end(self) -> None:
        """No more frames. Idempotent."""
        if not self._frames.full():
            self._frames.put_nowait(None)

    def frames(self, stop: StopFlag) -> Iterator[bytes]:
        """The PCM of one frame after the other; waits for each. Ends early once `stop` is set."""
        while pcm := self._take(stop):
            yield pcm

    def batches(self, stop: StopFlag) -> Iterator[bytes]:
        """As `frames`, but all that has come since the last time in one piece."""
        for pcm in self.frames(stop):
            pieces = [pcm]
            while not self._frames.empty():
                pieces.append(self._take(stop))
            yield b"".join(pieces)

    def _take(self, stop: StopFlag) -> bytes:
        """A frame's PCM; b"" at the end, and after it."""
        if self.ended:
            return b""
        frame = self._frames.get()
        self.ended = frame is None or bool(stop)
        return b"" if frame is None or self.ended else frame.pcm


class QueuedListening(Generic[EngineT]):
    """The `Listening` port: one utterance, made inside the event loop, which only ever queues frames.

    `hear` runs in the worker's thread from the first frame on. It returns soon after `intake.ended`,
    and looks at the stop flag between steps.
    """

    def __init__(
        self, worker: Worker[EngineT], hear: Callable[[EngineT, Intake, StopFlag], Transcript]
    ) -> None:
        self._hear = hear
        self._intake = Intake()
        self._job: Job[Transcript] = worker.submit(self._work)

    def feed(self, frame: Frame) -> None:
        """Raises SttError when the engine does not keep up."""
        self._intake.put(frame)

    @property
    def partial(self) -> str:
        return self._intake.partial

    async def finish(self) -> Transcript:
        self._intake.end()
        try:
            return await self._job.result(FINISH_LIMIT_S)
        except EngineMissing as error:  # it was there when it was loaded, and now could not be loaded anew
            raise SttError(str(error)) from error

    async def abandon(self) -> None:
        self._intake.end()
        await self._job.stop()

    def _work(self, engine: EngineT, stop: StopFlag) -> Transcript:
        try:
            return self._hear(engine, self._intake, stop)
        except RuntimeError as error:  # as every native engine here reports that it failed
            raise SttError("The speech recogniser failed on this utterance.") from error
