"""The first half of a spoken turn: frames in, transcript out, while the button is still held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from device.audio.endpointer import Endpointer, Ending
from device.audio.frames import Tap
from device.contracts import Transcript
from device.errors import StageTimeout, SttError
from device.machine import Endpoint, EndpointReason
from device.notices import Board, Heard
from device.ports import Listening, VoiceDetector
from device.record import Stage, TurnRecord

LATE_FRAMES_S = 0.3
"""After the post-roll, how long a frame may still be under way (a page's batches, a busy loop)."""

LATE_LIMIT_S = 1.0
"""A microphone that gives no frames at all is given this much more than the longest utterance."""


class Hearing:
    """One utterance, from the tap on the microphone to its transcript."""

    def __init__(
        self,
        tap: Tap,
        detector: VoiceDetector,
        endpointer: Endpointer,
        listening: Listening,
        record: TurnRecord,
        board: Board,
        emit: Callable[[Endpoint], None],
    ) -> None:
        self._tap = tap
        self._detector = detector
        self._endpointer = endpointer
        self._listening = listening
        self._record = record
        self._board = board
        self._emit = emit
        self._bound: asyncio.Timeout | None = None

    def end(self, post_roll_s: float) -> None:
        """The utterance is over: take in the post-roll, then no more. Idempotent."""
        now_s = self._record.clock()
        self._record.mark(Stage.RELEASED, now_s)
        self._tap.stop_after(now_s + post_roll_s)
        if self._bound is not None:
            self._bound.reschedule(asyncio.get_running_loop().time() + post_roll_s + LATE_FRAMES_S)

    async def transcript(self, longest_s: float, deadline_s: float) -> Transcript | None:
        """What was said; None when nobody spoke.

        Raises SttError, or StageTimeout when the engine does not answer within `deadline_s` of the
        last frame. Cancel-safe: the engine is told to stop, and the tap is closed.
        """
        try:
            await self._capture(longest_s)
            self._record.mark(Stage.CAPTURED)
            if not self._endpointer.heard_speech:
                return None
            return await self._finish(deadline_s)
        finally:
            self._record.frames_dropped = self._tap.dropped
            self._tap.close()
            await self._listening.abandon()

    async def _capture(self, longest_s: float) -> None:
        """Until the tap ends. The microphone going silent altogether is the limit reached, too."""
        self._detector.reset()
        try:
            async with asyncio.timeout(longest_s + LATE_LIMIT_S) as self._bound:
                async for frame in self._tap:
                    self._listening.feed(frame)
                    self._watch(self._endpointer.step(self._detector.is_speech(frame)))
                    if self._endpointer.heard_speech:
                        self._record.mark(Stage.SPEECH, frame.captured_s)
        except TimeoutError:
            self._record.mark(Stage.RELEASED)
            self._emit(Endpoint(self._record.turn_id, EndpointReason.LIMIT))

    def _watch(self, ending: Ending | None) -> None:
        if ending is Ending.LIMIT:
            self._emit(Endpoint(self._record.turn_id, EndpointReason.LIMIT))
        elif ending is not None:
            self._emit(Endpoint(self._record.turn_id, EndpointReason.SILENCE))
        self._post_partial()

    _last_partial = ""

    def _post_partial(self) -> None:
        partial = self._listening.partial
        if partial != self._last_partial:
            self._last_partial = partial
            engine = self._record.engines.get("stt", "")
            self._board.post(Heard(self._record.turn_id, partial, final=False, engine=engine))

    async def _finish(self, deadline_s: float) -> Transcript:
        try:
            async with asyncio.timeout(deadline_s):
                return await self._listening.finish()
        except StageTimeout:
            raise
        except TimeoutError as error:
            raise StageTimeout("speech recogniser", deadline_s) from error
        except SttError:
            raise
