"""The turns of a link: one at a time, each with its number, so that nothing of an old one is heard."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass

from device.contracts import Question
from device.errors import MindError, NoSystem2, SttError
from device.link import native as n
from device.link.connection import Connection, TurnMessage
from device.link.dialect import Capabilities, Codec
from device.link.exchange import Exchange
from device.link.health import Reachable
from device.link.hearing import Hearing
from device.link.setback import Pace, Setback, quoted
from device.link.tools import Toolbox
from device.ports import SoundBuffer, SoundDecoder, SoundEncoder

UNANSWERED_AT_MOST = 2
"""Questions in a row that nothing came of: some servers' handlers die while their sockets live on."""
UNANSWERED_S = 1.0
"""A question that was given up sooner does not count as one of them."""
UNWORDED = (
    "This System 2 answers in sound without words, which nobody can judge before it is heard; "
    "a device for children does not play it. See docs/system-2.md."
)


@dataclass(frozen=True, slots=True)
class Sounds:
    """How sound is packed, unpacked, and held back until it will not run dry."""

    encoder: Callable[[Codec], SoundEncoder]
    decoder: Callable[[Codec], SoundDecoder]
    buffer: Callable[[], SoundBuffer]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person has decided."""

    hears: bool = False
    """Sound may be sent (`consent.audio_stream`)."""
    guardian: bool = True
    """Nothing is heard whose words were not judged before (`character.safety = "child"`)."""
    answers_at_once: bool = False
    """System 2 answers what it hears without being asked for it: for a device that does nothing else."""

    def check(self, capabilities: Capabilities) -> None:
        """Raises Setback for a System 2 that may not be used."""
        if self.guardian and capabilities.gives_sound and not capabilities.gives_words_of_sound:
            raise Setback(UNWORDED, Pace.SLOWLY)

    def may_hear(self, capabilities: Capabilities) -> bool:
        """Sound may be sent to it, and it takes it."""
        return self.hears and capabilities.takes_sound


class Turns:
    """`changed` is called when the link's health may have."""

    def __init__(
        self,
        sounds: Sounds,
        rules: Rules,
        reachable: Reachable,
        changed: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        self._sounds = sounds
        self._buffer = sounds.buffer()
        self._rules = rules
        self._reachable = reachable
        self._changed = changed
        self._now_s = clock
        self._toolbox = Toolbox(clock)
        self._ids = itertools.count(1)
        self._exchange: Exchange | None = None
        self._hearing: Hearing | None = None
        self._asked_s: float | None = None
        """When the turn's question was sent; None while the person still speaks."""
        self._unanswered = 0
        self.strays = 0
        """Messages that belonged to no turn under way: they were dropped."""

    # --- the device's side -------------------------------------------------------------------------

    def ask(self, connection: Connection, question: Question) -> Exchange:
        """The answer's beginning. Raises NoSystem2 for what this System 2 cannot be asked."""
        hearing = self._hearing
        if hearing is not None and question.heard_as == hearing.turn_id and hearing.understood:
            self._hearing = None
            exchange, text = hearing.exchange, ""
            exchange.signed = self._rules.answers_at_once
        elif question.text and connection.capabilities.takes_text:
            exchange, text = self._new(connection), question.text
        else:
            raise NoSystem2("System 2 has not heard this, and cannot be asked in words.")
        if text or not self._rules.answers_at_once:
            self._questioned()
            connection.send(
                n.Ask(
                    turn_id=exchange.turn_id,
                    text=text[: n.LONGEST_WORDS],
                    language=question.language,
                    already_said=question.already_said[: n.LONGEST_WORDS],
                )
            )
        return exchange

    def listen(self, connection: Connection) -> Hearing:
        """Sound that is sent while it is spoken."""
        exchange = self._new(connection)
        encoder = self._sounds.encoder(connection.capabilities.up)
        self._hearing = Hearing(
            exchange,
            encoder,
            connection.send,
            ended=self._questioned,
            clear=lambda: self.finish(connection, exchange),
            tells_words=connection.capabilities.gives_text or self._rules.guardian,
        )
        connection.send(n.Begin(turn_id=exchange.turn_id, answer=self._rules.answers_at_once))
        return self._hearing

    def watch(self, connection: Connection, exchange: Exchange) -> asyncio.TimerHandle:
        """A question that shows no sign of having been taken: System 2 is silent."""

        def look() -> None:
            if not exchange.signed and not exchange.over and connection.says_taken:
                self._reachable.silent(self._now_s())
                self._changed()

        patience_s = self._reachable.patience_s(self._now_s())
        return asyncio.get_running_loop().call_later(patience_s, look)

    def leave(self, connection: Connection, exchange: Exchange, waited_s: float) -> None:
        """Whoever asked has what they wanted of the answer, or has given it up after so long."""
        if not exchange.started and not exchange.over:
            self._reachable.given_up(waited_s, self._now_s())
        unanswered = not exchange.signed and not exchange.over and waited_s >= UNANSWERED_S
        self.finish(connection, exchange)
        if unanswered:
            self._unanswered += 1
            if self._unanswered >= UNANSWERED_AT_MOST:
                self._unanswered = 0
                connection.break_off(Setback("System 2 takes no questions; it is called anew."))

    def forget_heard(self) -> None:
        """What was heard and nobody has asked about is not wanted: an answer may be on its way unasked."""
        if self._hearing is not None and self._hearing.understood:
            self._hearing.drop()
            self._hearing = None

    def finish(self, connection: Connection, exchange: Exchange) -> None:
        """Nobody wants more of it. System 2 is told, unless it has ended it by itself."""
        if not exchange.settled:
            exchange.settled = True
            connection.forget_sound(exchange.turn_id)
            connection.send(n.Clear(turn_id=exchange.turn_id))
        if self._exchange is exchange:
            exchange.close()
            self._exchange = None
            connection.idle.set()
        self._changed()

    # --- the connection's side ---------------------------------------------------------------------

    def take(self, connection: Connection, word: TurnMessage) -> bool:
        """Something of a turn. What belongs to another than the one under way is dropped: False."""
        exchange = self._exchange
        if exchange is None or word.turn_id != exchange.turn_id or exchange.over:
            self.strays += 1
            return False
        exchange.signed = True
        self._unanswered = 0
        self._reachable.sign()
        if isinstance(word, n.Transcript):
            if self._hearing is not None:
                self._hearing.heard(word)
        elif isinstance(word, n.ToolCall):
            self._call(connection, exchange, word)
        elif isinstance(word, n.Refusal):
            exchange.fail(MindError("System 2 refused.", quoted(word.message or word.code)))
        elif not isinstance(word, n.Taken):
            exchange.take(word)
        if exchange.over and not exchange.settled:
            self.finish(connection, exchange)
        self._changed()
        return True

    def break_off(self) -> None:
        """The connection is lost: whoever waits hears it at once."""
        if self._hearing is not None:
            self._hearing.fail(SttError("The link to System 2 was lost while somebody spoke."))
        if self._exchange is not None:
            self._exchange.fail(MindError("The link to System 2 was lost in the middle of an answer."))
        self._hearing = self._exchange = None

    def _new(self, connection: Connection) -> Exchange:
        """One turn at a time: what was under way is over."""
        if self._hearing is not None:
            self._hearing.drop()
            self._hearing = None
        if self._exchange is not None:
            self._exchange.fail(MindError("System 2 was asked something else."))
            self.finish(connection, self._exchange)
        capabilities = connection.capabilities
        self._buffer.clear()
        self._asked_s = None
        self._exchange = Exchange(
            next(self._ids),
            lambda: self._sounds.decoder(capabilities.down),
            self._buffer,
            capabilities.down.frame_ms / 1000,
            wordless=not capabilities.gives_words_of_sound and not self._rules.guardian,
            begun=self._answered,
        )
        connection.idle.clear()
        return self._exchange

    def _questioned(self) -> None:
        """The question is on its way: from here on the answer's first words are waited for."""
        self._asked_s = self._now_s()

    def _answered(self) -> None:
        """They have come."""
        if self._asked_s is not None:
            self._reachable.first_words(self._now_s() - self._asked_s, self._now_s())

    def _call(self, connection: Connection, exchange: Exchange, call: n.ToolCall) -> None:
        act, result = self._toolbox.called(call)
        if act is not None:
            exchange.act(act)
        connection.send(result)
