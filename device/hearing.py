"""The first half of a spoken turn: frames in, transcript out, while the button is still held."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from device.audio.endpointer import Ending, Endpointer
from device.audio.frames import Tap
from device.audio.level import measure
from device.contracts import FRAME_BYTES, Frame, Transcript
from device.machine import Endpoint, EndpointReason
from device.notices import Board, Heard, Loudness
from device.pipeline import within
from device.ports import Listening, SpeechToText, VoiceDetector
from device.record import Stage, TurnRecord

LATE_FRAMES_S = 0.3
"""After the post-roll, how long a frame may still be under way (a page's batches, a busy loop)."""

LATE_LIMIT_S = 1.0
"""A microphone that gives no frames at all is given this much more than the longest utterance."""


METERED_FRAMES = 5
"""The level is told for so many frames together: ten times a second."""


class Hearing:
    """One utterance, from the tap on the microphone to its transcript."""

    def __init__(
        self,
        tap: Tap,
        detector: VoiceDetector,
        endpointer: Endpointer,
        stt: SpeechToText,
        record: TurnRecord,
        board: Board,
        longest_s: float,
        deadline_s: float,
        emit: Callable[[Endpoint], None],
        captured: Callable[[], None] = lambda: None,
    ) -> None:
        """`captured` is called when no more sound is wanted."""
        self._tap = tap
        self._detector = detector
        self._endpointer = endpointer
        self._stt = stt
        self._record = record
        self._board = board
        self._longest_s = longest_s
        self._deadline_s = deadline_s
        self._emit = emit
        self._captured = captured
        self._unmetered = b""
        self._last_partial = ""
        self._ends_by_s: float | None = None
        """Of the loop's clock; known once the utterance is over."""
        self._bound: asyncio.Timeout | None = None
        self.capturing = True
        """More sound may be wanted."""

    def end(self, post_roll_s: float) -> None:
        """The utterance is over: take in the post-roll, then no more. May come before the capture began."""
        now_s = self._record.clock()
        self._record.mark(Stage.RELEASED, now_s)
        self._tap.stop_after(now_s + post_roll_s)
        self._ends_by_s = asyncio.get_running_loop().time() + post_roll_s + LATE_FRAMES_S
        if self._bound is not None:
            self._bound.reschedule(self._ends_by_s)

    def close(self) -> None:
        """No more sound is wanted, and none is kept. Idempotent."""
        self._record.frames_dropped = self._tap.dropped
        self._tap.close()
        if self.capturing:
            self.capturing = False
            self._captured()

    @property
    def heard_speech(self) -> bool:
        """Somebody has spoken, as far as can be told by now."""
        return self._endpointer.heard_speech

    async def transcript(self) -> Transcript | None:
        """What was said; None when nobody spoke.

        Raises SttError, or StageTimeout when the engine does not answer by the deadline after the
        last frame. Cancel-safe: the engine is told to stop, and the tap is closed.
        """
        listening = self._stt.listen()
        try:
            await self._capture(listening)
            self.close()
            self._record.mark(Stage.CAPTURED)
            if not self._endpointer.heard_speech:
                return None
            return await within(self._deadline_s, "speech recogniser", listening.finish())
        finally:
            self.close()
            await listening.abandon()

    async def _capture(self, listening: Listening) -> None:
        """Until the tap ends. The microphone going silent altogether is the limit reached, too."""
        self._detector.reset()
        try:
            async with asyncio.timeout_at(self._ends_by_s or self._latest_s()) as self._bound:
                async for frame in self._tap:
                    listening.feed(frame)
                    self._meter(frame)
                    self._watch(self._endpointer.step(self._detector.is_speech(frame)))
                    self._post_partial(listening.partial)
                    if self._endpointer.heard_speech:
                        self._record.mark(Stage.SPEECH, frame.captured_s)
        except TimeoutError:
            self._record.mark(Stage.RELEASED)
            self._emit(Endpoint(self._record.turn_id, EndpointReason.LIMIT))
        finally:
            self._bound = None

    def _latest_s(self) -> float:
        return asyncio.get_running_loop().time() + self._longest_s + LATE_LIMIT_S

    def _watch(self, ending: Ending | None) -> None:
        if ending is Ending.LIMIT:
            self._emit(Endpoint(self._record.turn_id, EndpointReason.LIMIT))
        elif ending is not None:
            self._emit(Endpoint(self._record.turn_id, EndpointReason.SILENCE))

    def _meter(self, frame: Frame) -> None:
        self._unmetered += frame.pcm
        if len(self._unmetered) >= METERED_FRAMES * FRAME_BYTES:
            level = measure(self._unmetered)
            self._unmetered = b""
            self._board.post(Loudness(level.peak_dbfs, level.rms_dbfs))

    def _post_partial(self, partial: str) -> None:
        if partial != self._last_partial:
            self._last_partial = partial
            engine = self._record.engines.get("stt", "")
            self._board.post(Heard(self._record.turn_id, partial, final=False, engine=engine))
