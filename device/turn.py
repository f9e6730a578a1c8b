"""One turn, from a press (or typed words, or an announcement) to the last sample of the answer.

Whatever fails on the way, the person who waits is told in one sentence, within the stages'
deadlines; if even the voice fails, by a sound and on the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Protocol

from device.audio.earcon import ring, trouble
from device.brain.safety.context import ReplyJudge, judge
from device.config import Deadlines
from device.contracts import (
    Direction,
    KeptReply,
    Line,
    Mind,
    Request,
    Route,
    Ruling,
    Stock,
    Transcript,
    Verdict,
    Who,
)
from device.errors import NoSystem2, SafetyError, StageError, StageTimeout, TtsError
from device.machine import FirstAudio, NothingHeard, ReplyDone
from device.notices import Answering, Board, Heard, Refused
from device.pipeline import bounded
from device.ports import Brain, Recall, SafetyGate, Speaker, TextToSpeech
from device.record import Stage, TurnRecord
from device.speaking import Act, Speaking

log = logging.getLogger(__name__)


class Words(Protocol):
    """Where a turn's words come from: a microphone or a keyboard."""

    async def transcript(self) -> Transcript | None:
        """None when nobody spoke. Raises SttError or StageTimeout."""
        ...


@dataclass(frozen=True, slots=True)
class Typed:
    """Words that came as words."""

    text: str

    async def transcript(self) -> Transcript | None:
        return Transcript(self.text, engine="typed") if self.text.strip() else None


@dataclass(frozen=True, slots=True)
class Answerers:
    """Those who make and speak an answer."""

    brain: Brain
    gate: SafetyGate
    tts: TextToSpeech
    speaker: Speaker
    phrases: Callable[[Stock], str]
    board: Board
    recall: Recall | None = None


class Turn:
    """Runs once. Owned by the session, which silences the speaker before it cancels a turn."""

    def __init__(
        self,
        record: TurnRecord,
        answerers: Answerers,
        deadlines: Deadlines,
        language: str,
        emit: Callable[[FirstAudio], None],
        act: Callable[[Act], None],
    ) -> None:
        self.record = record
        self._with = answerers
        self._deadlines = deadlines
        self._language = language
        self._emit = emit
        self._fit_to_remember = False
        self._playback = answerers.speaker.begin(record.turn_id)
        self._speaking = Speaking(
            self._playback,
            answerers.tts,
            ReplyJudge(answerers.gate),
            act,
            record,
            answerers.board,
            deadlines,
            answerers.speaker.silence,
        )

    async def answer(self, words: Words, history: Callable[[], tuple[Line, ...]]) -> ReplyDone | NothingHeard:
        """Hear, judge, route and speak. Raises StageTimeout when the whole turn takes too long."""
        async with self._lifetime() as group:
            getting_ready = group.create_task(self._with.brain.prepare(history()), name="get ready")
            try:
                transcript = await words.transcript()
                if transcript is None:
                    if not self.record.tapped:
                        self._with.board.post(Refused(self._with.phrases(Stock.NOTHING_HEARD)))
                    return NothingHeard(self.record.turn_id, self.record.tapped)
                self._note(transcript)
                request = await self._understood(transcript, history())
                if request is not None:
                    await self._reply(request, getting_ready, group)
            except Exception as error:  # noqa: BLE001 - a person is waiting: whatever failed, they are told
                await self._apologise(error)
            finally:
                getting_ready.cancel()
            await self._speaking.drain()
            return ReplyDone(self.record.turn_id)

    async def announce(self, text: str, why: str = "an announcement", *, rings: bool = False) -> ReplyDone:
        """Say something of our own accord, or again; it passes the gate like every text.

        What `rings` does so first. It is heard whatever fails after it, and the page shows the words: an
        apology would only hide what it rang for.
        """
        async with self._lifetime():
            try:
                if rings:
                    await self._speaking.play("", ring())
                verdict = await self._judge(text, Direction.TO_SAY)
                said = text if verdict.allowed else verdict.say_instead
                await self._speaking.say_vetted(said, self._route(Mind.STOCK, why))
            except Exception as error:  # noqa: BLE001
                if rings:
                    self._note_failure(error)
                else:
                    await self._apologise(error)
            await self._speaking.drain()
            return ReplyDone(self.record.turn_id)

    @property
    def aloud(self) -> bool:
        """Something of it may have sounded."""
        return self._speaking.begun or self._playback.played_s > 0

    def lines(self) -> tuple[Line, ...]:
        """What the conversation remembers of this turn: nothing that the gate refused to hear."""
        heard = Line(Who.PERSON, self.record.heard)
        spoken = Line(Who.DEVICE, self.record.spoken)
        return (heard, spoken) if self._fit_to_remember else (spoken,)

    # --- the stages ---

    @contextlib.asynccontextmanager
    async def _lifetime(self) -> AsyncIterator[asyncio.TaskGroup]:
        """The bound on the whole turn, its tasks, and the last look at what was spoken."""
        async with bounded(self._deadlines.turn_s, "turn"), asyncio.TaskGroup() as group:
            first_audio = group.create_task(self._await_first_audio(), name="first audio")
            try:
                yield group
            finally:
                first_audio.cancel()
                self._speaking.note_spoken()
                self.record.mark(Stage.SPOKEN)

    async def _await_first_audio(self) -> None:
        self.record.mark(Stage.FIRST_AUDIO, await self._playback.started())
        self._emit(FirstAudio(self.record.turn_id))

    def _note(self, transcript: Transcript) -> None:
        self.record.mark(Stage.TRANSCRIPT)
        self.record.heard = transcript.text
        self.record.confidence = transcript.confidence
        self.record.certain = transcript.certain
        self.record.engines["stt"] = transcript.engine
        heard = Heard(self.record.turn_id, transcript.text, final=True, engine=transcript.engine)
        self._with.board.post(heard)

    async def _understood(self, transcript: Transcript, history: tuple[Line, ...]) -> Request | None:
        """The request that a mind is to answer; None when what was heard was answered here and now.

        Words that only System 2 knows cannot be judged; it keeps them to itself in no guardian mode.
        """
        if not transcript.text and transcript.heard_as is None:
            route = self._route(Mind.STOCK, "there was speech, but no words that the device knows")
            await self._speaking.say_vetted(self._with.phrases(Stock.NOT_UNDERSTOOD), route)
            return None
        verdict = await self._judge(transcript.text, Direction.HEARD)
        self.record.mark(Stage.JUDGED)
        self._fit_to_remember = verdict.allowed
        if not verdict.allowed:
            route = self._route(Mind.STOCK, f"the safety gate ruled {verdict.ruling.value}")
            await self._speaking.say_vetted(verdict.say_instead, route)
            return None
        return Request(
            self.record.turn_id,
            transcript.text,
            self._language,
            transcript.certain,
            history,
            transcript.heard_as,
            await self._kept(transcript),
        )

    async def _kept(self, transcript: Transcript) -> KeptReply | None:
        """What was heard with doubts is never answered from memory."""
        if self._with.recall is None or not transcript.certain:
            return None
        return await self._with.recall.recall(transcript.text, self._language)

    async def _reply(
        self, request: Request, getting_ready: asyncio.Task[None], group: asyncio.TaskGroup
    ) -> None:
        route = self.record.route = self._with.brain.route(request)
        self.record.mark(Stage.ROUTED)
        if Mind.SYSTEM_1 not in (route.mind, route.rival):  # then the voice needs the processor
            getting_ready.cancel()
        await self._speaking.say(self._with.brain.reply(request, route), route, group)

    async def _judge(self, text: str, direction: Direction) -> Verdict:
        verdict = await judge(self._with.gate, text, direction)
        if not verdict.allowed:
            self.record.gate = verdict.category or verdict.ruling.value
        if verdict.ruling is Ruling.SUPPORT and direction is Direction.HEARD:
            self.record.in_need = self.record.gate
        return verdict

    def _route(self, mind: Mind, reason: str) -> Route:
        self.record.route = Route(mind, reason)
        self.record.mark(Stage.ROUTED)
        return self.record.route

    async def _apologise(self, error: Exception) -> None:
        """Tell the person; by a sound where the voice fails at this, too."""
        self._note_failure(error)
        text = self._with.phrases(self._stock_for(error))
        route = self._route(Mind.STOCK, f"the turn failed: {self.record.error_code}")
        try:
            await self._speaking.say_vetted(text, route)
        except (TtsError, StageTimeout):
            self._with.board.post(Answering(self.record.turn_id, text, route))
            await self._speaking.play("", trouble())

    def _note_failure(self, error: Exception) -> None:
        self.record.error = str(error)
        self.record.error_code = error.code if isinstance(error, StageError) else "bug"
        if not isinstance(error, StageError):
            log.error("turn %d failed in a way it should not", self.record.turn_id, exc_info=error)

    def _stock_for(self, error: Exception) -> Stock:
        if isinstance(error, SafetyError):
            return Stock.GATE_FAILED
        if self._speaking.begun:
            return Stock.LOST_THREAD
        if isinstance(error, NoSystem2):
            return Stock.NO_SYSTEM_2
        hearing = Stage.TRANSCRIPT not in self.record.marks_s
        return Stock.STT_FAILED if hearing else Stock.MIND_FAILED
