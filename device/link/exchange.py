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

from device.contracts import Audio, Emotion, Express, ReplyItem, Say, Spoken, Unworded
from device.errors import LinkError, MindError
from device.link import native as n
from device.link.setback import quoted
from device.link.tools import Act
from device.ports import SoundDecoder

LONGEST_TEXT_CHARACTERS = 16_000
LONGEST_SOUND_S = 300.0
MOST_PARTS = 8192
MOST_BYTES = 6 << 20
LONGEST_SILENCE_S = 60.0
"""Between two words of an answer; whoever listens has given it up long before."""

CLAUSE_PAUSE_S = 0.08
"""What has come of a clause's sound is passed on when it pauses: longer than the longest packet."""
CLAUSE_WAIT_S = 0.1
"""And after so long in any case, in pieces: waiting for the whole of it would be heard."""

_EMOTIONS = frozenset(emotion.value for emotion in Emotion)


@dataclass(frozen=True, slots=True)
class _Clause:
    """Its sound follows."""

    text: str


_Part: TypeAlias = Say | Express | Act | _Clause | n.Media
TurnWord: TypeAlias = n.Text | n.Media | n.Feeling | n.Ended | n.Clear


class Exchange:
    """One turn's answer. `wordless` sound is passed on only where that is allowed."""

    def __init__(
        self,
        turn_id: int,
        make_decoder: Callable[[], SoundDecoder],
        packet_s: float,
        *,
        wordless: bool,
        begun: Callable[[], None],
    ) -> None:
        """`begun` is called at the first words, or the first sound."""
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
        self._sound: list[Audio] = []
        self._sound_since_s = 0.0

    # --- the reader's side -------------------------------------------------------------------------

    def take(self, word: TurnWord) -> None:
        """What came of this turn. Returns at once and never raises; an answer without end fails."""
        if self.over:
            return
        self.signed = True
        if isinstance(word, n.Ended):
            self._end(word)
        elif isinstance(word, n.Clear):
            self._drop()
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
        self._put(packet)
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

    def _drop(self) -> None:
        self._parts.clear()
        self._sound.clear()
        self._clause = None

    # --- the turn's side ---------------------------------------------------------------------------

    async def next(self) -> ReplyItem | None:
        """The next piece of the answer; None at its end. Raises MindError. Cancel-safe."""
        while True:
            if self._parts:
                item = self._taken()
                if item is not None:
                    return item
            elif self.over:
                return self._last()
            elif not await self._more() and (spoken := self._flush()) is not None:
                return spoken

    def _taken(self) -> ReplyItem | None:
        part = self._parts[0]
        if not isinstance(part, n.Media) and (spoken := self._flush(whole=True)) is not None:
            return spoken
        self._parts.popleft()
        if isinstance(part, _Clause):
            self._clause = part.text
            return None
        if isinstance(part, n.Media):
            return self._heard(part)
        return part

    def _heard(self, packet: n.Media) -> ReplyItem | None:
        audio = self._decoded(packet)
        if audio is None:
            return None
        now_s = asyncio.get_running_loop().time()
        if not self._sound:
            self._sound_since_s = now_s
        self._sound.append(audio)
        late = not self._parts and now_s - self._sound_since_s >= CLAUSE_WAIT_S
        return self._flush() if late or self._clause is None else None

    def _decoded(self, packet: n.Media) -> Audio | None:
        try:
            if self._decoder is None:
                self._decoder = self._make_decoder()
            return self._decoder.decode(packet.number, packet.packet)
        except LinkError as error:
            raise MindError(f"System 2 sent sound that is none: {error}") from error

    def _flush(self, *, whole: bool = False) -> ReplyItem | None:
        """What was gathered of a clause. `whole`: nothing more of it comes; without sound, only words."""
        clause, sound = self._clause, self._sound
        if whole:
            self._clause = None
        if not sound:
            return Say(clause, ends=True) if whole and clause else None
        audio = Audio(b"".join(one.pcm for one in sound), sound[0].rate_hz)
        self._sound = []
        if clause is None:
            return Unworded(audio)
        self._clause = None if whole else ""
        return Spoken(clause, audio)

    def _last(self) -> ReplyItem | None:
        if (item := self._flush(whole=True)) is not None:
            return item
        if self._error is not None:
            raise self._error
        return None

    async def _more(self) -> bool:
        """Wait until something comes; False when a clause's sound pauses."""
        self._waiting.clear()
        longest_s = CLAUSE_PAUSE_S if self._sound else LONGEST_SILENCE_S
        late = asyncio.get_running_loop().call_later(longest_s, self._waiting.set)
        try:
            await self._waiting.wait()
        finally:
            late.cancel()
        if self._parts or self.over:
            return True
        if not self._sound:
            raise MindError(f"System 2 said nothing more for {LONGEST_SILENCE_S:g} s.")
        return False
