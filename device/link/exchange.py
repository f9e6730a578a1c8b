"""One answer on its way in: what the reader puts into it, and what a turn takes out of it.

The reader never waits for the turn: what comes is kept, within bounds, until it is taken. A server that
sends without end meets the bounds.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from device.contracts import Audio, Emotion, Express, Hush, ReplyItem, Say, Spoken, Unworded
from device.errors import LinkError, MindError
from device.link import native as n
from device.link.setback import quoted
from device.link.tools import Act
from device.ports import SoundBuffer, SoundDecoder

LONGEST_TEXT_CHARACTERS = 16_000
LONGEST_SOUND_S = 300.0
MOST_PARTS = 8192
MOST_BYTES = 6 << 20
LONGEST_SILENCE_S = 60.0
"""Between two words of an answer; whoever listens has given it up long before."""

_EMOTIONS = frozenset(emotion.value for emotion in Emotion)


@dataclass(frozen=True, slots=True)
class _Clause:
    """Its sound follows."""

    text: str


@dataclass(frozen=True, slots=True)
class _Sound:
    """Of the clause before it."""

    packet: n.Media
    arrived_s: float
    """Of the loop's clock."""


_Part: TypeAlias = Say | Express | Act | Hush | _Clause | _Sound
TurnWord: TypeAlias = n.Text | n.Media | n.Feeling | n.Ended | n.Clear


class Exchange:
    """One turn's answer. `wordless` sound is passed on only where that is allowed."""

    def __init__(
        self,
        turn_id: int,
        make_decoder: Callable[[], SoundDecoder],
        buffer: SoundBuffer,
        packet_s: float,
        *,
        wordless: bool,
        begun: Callable[[], None],
    ) -> None:
        """`buffer` is this answer's while it lasts. `begun` is called at its first words or first sound."""
        self.turn_id = turn_id
        self.signed = False
        """Something of this turn has come."""
        self.started = False
        """Its first words have come."""
        self.over = False
        """Nothing more is taken: it ended, failed or was closed."""
        self.settled = False
        """System 2 has ended it, or was told that nobody wants more."""
        self.stray = 0
        """Packets that came without words before them."""
        self._make_decoder = make_decoder
        self._buffer = buffer
        self._packet_s = packet_s
        self._wordless = wordless
        self._begun = begun
        self._decoder: SoundDecoder | None = None
        self._parts: deque[_Part] = deque()
        self._waiting = asyncio.Event()
        self._error: MindError | None = None
        self._characters = self._packets = self._bytes = self._count = 0
        self._worded = False
        self._clause: str | None = None
        """Whose sound comes; "" once its words were passed on."""
        self._again_s: float | None = None
        """When more of what is held back is due."""

    # --- the reader's side -------------------------------------------------------------------------

    def take(self, word: TurnWord) -> None:
        """What came of this turn. Returns at once and never raises; an answer without end fails."""
        if self.over:
            return
        self.signed = True
        if isinstance(word, n.Ended):
            self._end(word)
        elif isinstance(word, n.Clear):
            self._take_back()
        elif isinstance(word, n.Feeling):
            if word.emotion in _EMOTIONS:
                self._put(Express(Emotion(word.emotion)))
        elif isinstance(word, n.Text):
            self._text(word)
        else:
            self._media(word)

    def act(self, act: Act) -> None:
        """In its place among the words."""
        self._put(act)

    def fail(self, error: MindError) -> None:
        """It breaks off; what came before can still be taken."""
        if not self.over:
            self._error, self.over = error, True
            self._waiting.set()

    def close(self) -> None:
        """Nothing of it comes out any more, whatever was kept and whatever still comes."""
        self.over = True
        self._drop()
        self._waiting.set()

    def _text(self, word: n.Text) -> None:
        self._worded = word.audio and bool(word.text.strip())
        self._characters += len(word.text)
        if self._characters > LONGEST_TEXT_CHARACTERS:
            self._too_much()
        elif self._worded:
            self._put(_Clause(word.text))
        elif word.text:
            self._put(Say(word.text, word.ends))
        if word.text:
            self._begin()

    def _media(self, packet: n.Media) -> None:
        if not self._worded and not self._wordless:
            self.stray += 1
            return
        self._packets += 1
        self._bytes += len(packet.packet)
        if self._packets * self._packet_s > LONGEST_SOUND_S or self._bytes > MOST_BYTES:
            self._too_much()
            return
        self._put(_Sound(packet, asyncio.get_running_loop().time()))
        self._begin()

    def _begin(self) -> None:
        if not self.started:
            self.started = True
            self._begun()

    def _put(self, part: _Part) -> None:
        self._count += 1
        if self._count > MOST_PARTS:
            self._too_much()
        if not self.over:
            self._parts.append(part)
            self._waiting.set()

    def _too_much(self) -> None:
        self._drop()
        self.fail(MindError("The answer of System 2 had no end."))

    def _end(self, word: n.Ended) -> None:
        says = quoted(word.message) if word.message else ""
        if word.reason == "refused":
            self.fail(MindError("System 2 does not want to answer this.", says))
        elif word.reason == "failed":
            self.fail(MindError("System 2 could not answer.", says))
        self.over = self.settled = True
        self._waiting.set()

    def _take_back(self) -> None:
        """What was passed on already is not to sound either."""
        self._drop()
        self._put(Hush())
        self.over = self.settled = True

    def _drop(self) -> None:
        self._parts.clear()
        self._buffer.clear()
        self._clause = None

    # --- the turn's side ---------------------------------------------------------------------------

    async def next(self) -> ReplyItem | None:
        """The next piece of the answer; None at its end. Raises MindError. Cancel-safe."""
        while (item := self._taken()) is None and (item := self._due()) is None:
            if self.over:
                return self._last()
            await self._more()
        return item

    def _taken(self) -> ReplyItem | None:
        """The next of what has come that is no sound; the sound before it comes first."""
        while self._parts:
            part = self._parts[0]
            if isinstance(part, _Sound):
                self._parts.popleft()
                self._hold(part)
                continue
            if (spoken := self._whole_clause()) is not None:
                return spoken
            self._parts.popleft()
            if not isinstance(part, _Clause):
                return part
            self._clause = part.text
        return None

    def _hold(self, sound: _Sound) -> None:
        try:
            if self._decoder is None:
                self._decoder = self._make_decoder()
            audio = self._decoder.decode(sound.packet.number, sound.packet.packet)
        except LinkError as error:
            raise MindError(f"System 2 sent sound that is none: {error}") from error
        if audio is not None:
            self._buffer.push(audio, sound.arrived_s)

    def _due(self) -> ReplyItem | None:
        """What may sound now of a clause, or of sound without words."""
        due = self._buffer.due(asyncio.get_running_loop().time())
        self._again_s = due.again_s
        if not due.audio:
            return None
        audio = Audio(b"".join(piece.pcm for piece in due.audio), due.audio[0].rate_hz)
        if self._clause is None:
            return Unworded(audio)
        words, self._clause = self._clause, ""
        return Spoken(words, audio)

    def _whole_clause(self) -> ReplyItem | None:
        """The rest of a clause, of which nothing more comes; without sound, only its words."""
        self._buffer.end()
        spoken, words = self._due(), self._clause
        if spoken is None and words:
            spoken = Say(words, ends=True)
        self._clause = None
        return spoken

    def _last(self) -> ReplyItem | None:
        if (item := self._whole_clause()) is not None:
            return item
        if self._error is not None:
            raise self._error
        return None

    async def _more(self) -> None:
        """Wait until something comes, or what is held back is due. Raises MindError after too long."""
        self._waiting.clear()
        loop, held_s = asyncio.get_running_loop(), self._again_s
        late = loop.call_at(loop.time() + LONGEST_SILENCE_S if held_s is None else held_s, self._waiting.set)
        try:
            await self._waiting.wait()
        finally:
            late.cancel()
        if held_s is None and not self._parts and not self.over:
            raise MindError(f"System 2 said nothing more for {LONGEST_SILENCE_S:g} s.")
