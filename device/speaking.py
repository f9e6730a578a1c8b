"""The second half of a turn: a reply becomes clauses, each clause is judged, voiced and played.

The stages overlap: while the first clause sounds, the second is synthesised and the third is
generated. The mind is read a few clauses ahead and then waits; the speaker's buffer holds the voice
back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from device.brain.chunker import ClauseSplitter
from device.brain.safety.context import ReplyJudge
from device.config import Deadlines
from device.contracts import (
    AnsweredBy,
    Audio,
    Emotion,
    Express,
    Hush,
    Perform,
    Reply,
    ReplyItem,
    Route,
    Say,
    SetVolume,
    Spoken,
    StopEverything,
    Unworded,
)
from device.errors import MindError, TtsError
from device.notices import Answering, Board
from device.pipeline import ReadAhead, close, each_within, within
from device.ports import Playback, TextToSpeech
from device.record import Stage, TurnRecord

CLAUSES_AHEAD = 4
BY_ITSELF_S = 0.5
"""So much later than a mind that keeps its own deadlines is one given up that does not."""
LONGEST_BUFFER_S = 10.0
"""No speaker holds more sound than this; one that takes nothing for longer is stuck."""
DRAIN_SLACK_S = 2.0
"""How much later than its length a playback may end before it counts as stuck."""
NEARLY_S = 0.005
"""A clause that sounded up to here is over: another rate has room for a sample less than this one."""
LETTERS_PER_S = 15
"""Of speech at about 165 words a minute: the length of a clause that was cut off while being made."""

Act = Express | Perform | SetVolume | StopEverything
Piece = str | Spoken | Unworded | AnsweredBy | Act


@dataclass(frozen=True, slots=True)
class Span:
    """A clause and where it lies in the turn's sound."""

    text: str
    start_s: float
    end_s: float


def spoken_part(spans: list[Span], played_s: float) -> str:
    """The words that really sounded: whole clauses, and of the one cut off the share that was played.

    Words are taken to be as long as their letters; a word that was only begun does not count.
    """
    parts: list[str] = []
    for span in spans:
        if played_s >= span.end_s - NEARLY_S:
            parts.append(span.text.strip())
        elif played_s > span.start_s:
            parts.append(first_words(span.text, (played_s - span.start_s) / (span.end_s - span.start_s)))
    return " ".join(part for part in parts if part)


def first_words(text: str, share: float) -> str:
    """The whole words in the first part of `text`, which is this share (0 to 1) of it."""
    return text[: int(len(text) * share) + 1].rpartition(" ")[0].strip()


async def clauses(
    items: AsyncIterator[ReplyItem], record: TurnRecord, hush: Callable[[], None]
) -> AsyncIterator[Piece]:
    """Text deltas as clauses; everything else passes in its place among them, but `Hush`: it overtakes."""
    splitter = ClauseSplitter()
    try:
        async for item in items:
            if isinstance(item, Hush):
                hush()
                return
            record.mark(Stage.FIRST_WORDS)
            if isinstance(item, Say):
                for clause in splitter.feed(item.text, ends=item.ends):
                    yield clause
            else:
                for clause in splitter.flush():
                    yield clause
                yield item
        record.mark(Stage.GENERATED)
        for clause in splitter.flush():
            yield clause
    finally:
        await close(items)


async def paced(
    items: AsyncIterator[ReplyItem], limits: Deadlines, *, opens: bool
) -> AsyncIterator[ReplyItem]:
    """The items of a reply, each awaited for a bounded time; closing it closes them.

    The words that begin an answer have longer than those that continue it; what only opens it, or says
    who answers now, begins nothing. Raises StageTimeout.
    """
    begun = False
    try:
        while True:
            seconds = limits.next_words_s if begun else limits.first_words_s + BY_ITSELF_S
            try:
                item = await within(seconds, "mind", anext(items))
            except StopAsyncIteration:
                return
            yield item
            if isinstance(item, AnsweredBy):
                begun = False
            elif not isinstance(item, Express):
                begun, opens = not opens, False
    finally:
        await close(items)


class Speaking:
    """One turn's voice. It may speak more than once: a reply, then an apology."""

    def __init__(
        self,
        playback: Playback,
        tts: TextToSpeech,
        judge: ReplyJudge,
        act: Callable[[Act], None],
        record: TurnRecord,
        board: Board,
        deadlines: Deadlines,
        silence: Callable[[], None],
    ) -> None:
        """`silence` drops what of the playback has not sounded."""
        self._playback = playback
        self._tts = tts
        self._judge = judge
        self._act = act
        self._record = record
        self._board = board
        self._deadlines = deadlines
        self._silence = silence
        self._taken_back = False
        """Nothing more of the reply under way is to sound."""
        self._spans: list[Span] = []
        self._written_s = 0.0
        self._emotion = Emotion.NEUTRAL

    @property
    def begun(self) -> bool:
        """Something was given to the speaker."""
        return self._written_s > 0

    def note_spoken(self) -> None:
        """Write into the record what has really sounded so far."""
        self._record.spoken_s = self._playback.played_s
        self._record.spoken = spoken_part(self._spans, self._playback.played_s)

    async def say(self, reply: Reply, route: Route, group: asyncio.TaskGroup) -> None:
        """Speak a reply, clause by clause, until the last clause was given to the speaker.

        Raises MindError, TtsError or StageTimeout, after what came before it was spoken. Cancel-safe:
        the mind and the voice are closed; silencing the speaker is the session's.
        """
        limits = self._deadlines
        items = paced(reply.items, limits, opens=route.opens or bool(route.excuse))
        pieces = ReadAhead(group, clauses(items, self._record, self._hush), CLAUSES_AHEAD, name="mind")
        answered = sounding = False
        try:
            async for piece in pieces:
                if self._taken_back:
                    break
                if isinstance(piece, AnsweredBy):
                    route = self._record.answered_by(piece)
                    continue
                answered = answered or not isinstance(piece, Express)  # a look alone answers nobody
                if isinstance(piece, str):
                    finished = await self._say_judged(piece, None, route)
                elif isinstance(piece, Spoken):
                    finished = await self._say_spoken(piece, sounding, route)
                else:
                    finished = False
                    await self._do(piece)
                if finished:
                    return
                sounding = isinstance(piece, Spoken) and (sounding or bool(piece.text.strip()))
        finally:
            self._taken_back = False
            await pieces.aclose()
        if not answered:
            raise MindError("The mind gave no answer.")

    def _hush(self) -> None:
        """The reply is over. Where nothing has sounded yet, an apology still can."""
        self._taken_back = True
        if self.begun:
            self._silence()

    async def _do(self, piece: Unworded | Act) -> None:
        if isinstance(piece, Unworded):
            await self.play("", piece.audio)
            return
        if isinstance(piece, Express):
            self._emotion = piece.emotion
        self._act(piece)

    async def say_vetted(self, text: str, route: Route) -> None:
        """Speak a fixed sentence that the gate has passed before. Raises TtsError or StageTimeout."""
        self._told(text, route)
        start_s = self._written_s
        sound = self._tts.synthesise(text, self._emotion)
        try:
            async for audio in each_within(sound, "voice", self._deadlines.tts_s, self._deadlines.tts_s):
                self._record.mark(Stage.FIRST_SOUND)
                await self._write(audio)
            if self._written_s == start_s:
                raise TtsError("The voice gave no sound for a clause.")
        except asyncio.CancelledError:  # the last sound of this turn: how far it came is known later
            self._spans.append(Span(text, start_s, self._likely_end_s(start_s, text)))
            raise
        except Exception:  # other sound follows, which is not these words
            share = (self._written_s - start_s) / (self._likely_end_s(start_s, text) - start_s)
            self._spans.append(Span(first_words(text, share), start_s, self._written_s))
            raise
        self._spans.append(Span(text, start_s, self._written_s))

    async def play(self, text: str, audio: Audio) -> None:
        """Play a finished sound that says `text`, which is "" for a signal."""
        self._spans.append(Span(text, self._written_s, self._written_s + audio.duration_s))
        await self._write(audio)

    async def _say_spoken(self, piece: Spoken, sounding: bool, route: Route) -> bool:
        """A clause with its sound, or more of the sound of the one before, whose words are judged already.

        Without a clause right before it, sound without words is not played.
        """
        if piece.text.strip():
            return await self._say_judged(piece.text, piece.audio, route)
        if sounding:
            last = self._spans[-1]
            self._spans[-1] = replace(last, end_s=last.end_s + piece.audio.duration_s)
            await self._write(piece.audio)
        return False

    async def drain(self) -> None:
        """Wait until everything has sounded. Raises StageTimeout when the speaker is stuck."""
        left_s = self._written_s - self._playback.played_s
        await within(left_s + DRAIN_SLACK_S, "speaker", self._playback.drain())

    async def _say_judged(self, text: str, audio: Audio | None, route: Route) -> bool:
        """Say one clause if the gate lets it pass; otherwise what the gate says instead, and no more."""
        self._record.mark(Stage.FIRST_CLAUSE)
        verdict = await self._judge.judge(text)
        if not verdict.allowed:
            self._record.gate = verdict.category or verdict.ruling.value
            await self.say_vetted(verdict.say_instead, route)
            return True
        if audio is None:
            await self.say_vetted(text, route)
        else:
            self._told(text, route)
            await self.play(text, audio)
        return False

    def _told(self, text: str, route: Route) -> None:
        self._board.post(Answering(self._record.turn_id, text, route))
        self._record.made = f"{self._record.made} {text.strip()}".lstrip()

    def _likely_end_s(self, start_s: float, text: str) -> float:
        """Of a clause that was not made to its end."""
        return max(self._written_s, start_s + len(text) / LETTERS_PER_S)

    async def _write(self, audio: Audio) -> None:
        if self._taken_back and not self.begun:
            raise MindError("The answer was taken back before it began.")
        bound_s = audio.duration_s + LONGEST_BUFFER_S
        await within(bound_s, "speaker", self._playback.write(audio))
        self._written_s += audio.duration_s
