"""The link: one connection to System 2, kept for as long as the device runs (ports.System2)."""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
import secrets
import time
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from device.contracts import LinkHealth, Question, ReplyItem
from device.errors import MindError, NoSystem2, SttError
from device.link import native as n
from device.link.backoff import HEALTHY_S, Backoff
from device.link.connection import Connection, Socket
from device.link.dialect import Capabilities, Codec, Dialect
from device.link.exchange import Exchange, TurnWord
from device.link.health import Reachable
from device.link.hearing import Hearing
from device.link.hook import Hook
from device.link.setback import Pace, Setback, quoted
from device.link.tools import Toolbox
from device.link.way import Way
from device.ports import SoundDecoder, SoundEncoder

log = logging.getLogger(__name__)

LONGEST_WORDS = 8000
"""Characters of a question; `native.Words`."""
REMEMBERED_TURNS = 16
UNWORDED = (
    "This System 2 answers in sound without words, which nobody can judge before it is heard; "
    "a device for children does not play it. See docs/system-2.md."
)


@dataclass(frozen=True, slots=True)
class Sounds:
    """How sound is packed and unpacked."""

    encoder: Callable[[Codec], SoundEncoder]
    decoder: Callable[[Codec], SoundDecoder]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a person has decided."""

    hears: bool = False
    """Sound may be sent (`consent.audio_stream`)."""
    guardian: bool = True
    """Nothing is heard whose words were not judged before (`character.safety = "child"`)."""
    answers_at_once: bool = False
    """System 2 answers what it hears without being asked for it: for a device that does nothing else."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom the link tells. From the event loop; each returns at once."""

    halt: Callable[[], None]
    """The one stop, pulled from afar."""
    changed: Callable[[LinkHealth], None]


class Link:
    """`run` keeps the connection; everything else works with the one that there is."""

    def __init__(
        self,
        dial: Callable[[str | None], Awaitable[Socket]],
        dialect: Callable[[str], Dialect],
        sounds: Sounds,
        rules: Rules,
        calls: Calls,
        way: Way,
        *,
        hook: Hook | None = None,
        boot: Mapping[str, Any] | None = None,
        chance: Callable[[], float] = random.random,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`dialect` makes a new one for every connection, given the session of the one before, or "".

        `boot` is reported once, on the first connection that understands reports.
        """
        self._dial = dial
        self._dialect = dialect
        self._sounds = sounds
        self._rules = rules
        self._calls = calls
        self._way = way
        self._hook = hook
        self._boot = boot
        self._boot_id = secrets.token_hex(16)
        self._backoff = Backoff(chance)
        self._reachable = Reachable("System 2 is being called.")
        self._told: LinkHealth | None = None
        self._turn_ids = itertools.count(1)
        self._session_id = ""
        self._connection: Connection | None = None
        """The one that greeted and takes turns."""
        self._running: Connection | None = None
        self._exchange: Exchange | None = None
        self._hearing: Hearing | None = None
        self._asked_s: float | None = None
        """When the turn's question was sent; None while the person still speaks."""
        self._now_s = clock
        self._toolbox = Toolbox(clock)
        self._asked: OrderedDict[int, tuple[int, str]] = OrderedDict()
        """The device's turns, by which turn of which session they were asked as."""
        self._unsaid: deque[n.Said] = deque(maxlen=REMEMBERED_TURNS)
        """What sounded of this session's turns while the connection was away."""
        self.strays = 0
        """Messages that belonged to no turn under way: they were dropped."""

    # --- ports.System2 -----------------------------------------------------------------------------

    @property
    def health(self) -> LinkHealth:
        return self._reachable.at(self._now_s())

    async def ask(self, question: Question) -> AsyncGenerator[ReplyItem, None]:
        """The answer, as it comes. Raises NoSystem2, at once when the link is down; MindError.

        Closing it tells System 2 to stop; nothing of this answer comes after that. Cancel-safe.
        """
        connection, exchange = self._asked_now(question)
        asked_s = self._now_s()
        watch = self._watch(connection, exchange)
        try:
            while (item := await exchange.next()) is not None:
                yield item
        finally:
            watch.cancel()
            if not exchange.started and not exchange.over:
                self._reachable.given_up(self._now_s() - asked_s, self._now_s())
            self._finish(connection, exchange)

    def listen(self) -> Hearing:
        """Send it an utterance's sound while it is spoken; only where `health.hears`. Raises NoSystem2."""
        connection = self._connection
        if connection is None or not self._may_hear(connection):
            raise NoSystem2(self.health.why or "System 2 does not listen.")
        exchange = self._new_turn(connection)
        self._hearing = Hearing(
            exchange,
            self._sounds.encoder(connection.capabilities.up),
            connection.send,
            self._questioned,
            lambda: self._finish(connection, exchange),
        )
        connection.send(n.Begin(turn_id=exchange.turn_id, answer=self._rules.answers_at_once))
        return self._hearing

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        """What really sounded of a turn that System 2 was asked in. Returns at once."""
        wire_id, session_id = self._asked.pop(turn_id, (None, ""))
        if wire_id is None or session_id != self._session_id:
            return
        said = n.Said(turn_id=wire_id, text=text[:LONGEST_WORDS], cut_off=cut_off)
        if self._connection is not None:
            self._connection.send(said)
        else:
            self._unsaid.append(said)

    async def report(self, report: n.Report) -> n.Ack:
        """On the device channel. Raises LinkError, NoSystem2 where there is none now."""
        if self._connection is None or not self._connection.capabilities.reports:
            raise NoSystem2(self.health.why or "This System 2 takes no reports.")
        return await self._connection.channel.report(report)

    # --- the connection ----------------------------------------------------------------------------

    async def run(self) -> NoReturn:
        """Connect, and again whenever the connection is lost; ends only by being cancelled."""
        while True:
            try:
                await self._one_connection()
            except Setback as setback:
                pause_s = self._backoff.pause_s(setback)
                self._lost(setback)
            await asyncio.sleep(pause_s)

    async def _one_connection(self) -> NoReturn:
        dialect = self._dialect(self._session_id)
        self._check(dialect.capabilities)
        socket = await self._dial(dialect.subprotocol)
        self._running = Connection(socket, dialect, self, self._way, self._hook)
        healthy = asyncio.get_running_loop().call_later(HEALTHY_S, self._proved_good_by_lasting)
        try:
            await self._running.run()
        finally:
            healthy.cancel()
            self._running = self._connection = None
            self._reachable.lost("The link to System 2 was lost.")
            self._break_turns()

    def _check(self, capabilities: Capabilities) -> None:
        if self._rules.guardian and capabilities.gives_sound and not capabilities.gives_words_of_sound:
            raise Setback(UNWORDED, Pace.SLOWLY)

    def _proved_good_by_lasting(self) -> None:
        if self._connection is not None:
            self._backoff.proved_good()

    def _lost(self, setback: Setback) -> None:
        if self._told is None or self._told.why != str(setback):
            log.warning("%s", str(setback))  # as text: its traceback would keep the connection alive
        self._reachable.lost(str(setback))
        self._tell()

    def _break_turns(self) -> None:
        if self._hearing is not None:
            self._hearing.fail(SttError("The link to System 2 was lost while somebody spoke."))
        if self._exchange is not None:
            self._exchange.fail(MindError("The link to System 2 was lost in the middle of an answer."))
        self._hearing = self._exchange = None

    def _tell(self) -> None:
        health = self.health
        if health != self._told:
            self._told = health
            self._calls.changed(health)

    # --- turns -------------------------------------------------------------------------------------

    def _may_hear(self, connection: Connection) -> bool:
        return self._rules.hears and connection.capabilities.takes_sound

    def _asked_now(self, question: Question) -> tuple[Connection, Exchange]:
        connection = self._connection
        if connection is None:
            raise NoSystem2(self.health.why)
        hearing = self._hearing
        if hearing is not None and question.heard_as == hearing.turn_id and hearing.understood:
            self._hearing = None
            exchange, text = hearing.exchange, ""
            exchange.signed = self._rules.answers_at_once
        elif question.text and connection.capabilities.takes_text:
            exchange, text = self._new_turn(connection), question.text
        else:
            raise NoSystem2("System 2 has not heard this, and cannot be asked in words.")
        if text or not self._rules.answers_at_once:
            self._questioned()
            connection.send(
                n.Ask(
                    turn_id=exchange.turn_id,
                    text=text[:LONGEST_WORDS],
                    language=question.language,
                    already_said=question.already_said[:LONGEST_WORDS],
                )
            )
        self._asked[question.turn_id] = (exchange.turn_id, self._session_id)
        while len(self._asked) > REMEMBERED_TURNS:
            self._asked.popitem(last=False)
        return connection, exchange

    def _new_turn(self, connection: Connection) -> Exchange:
        """One turn at a time: what was under way is over."""
        if self._hearing is not None:
            self._hearing.drop()
            self._hearing = None
        if self._exchange is not None:
            self._exchange.fail(MindError("System 2 was asked something else."))
            self._finish(connection, self._exchange)
        capabilities = connection.capabilities
        self._asked_s = None
        self._exchange = Exchange(
            next(self._turn_ids),
            lambda: self._sounds.decoder(capabilities.down),
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

    def _finish(self, connection: Connection, exchange: Exchange) -> None:
        """Nobody wants more of it. System 2 is told, unless it has ended it by itself."""
        if not exchange.settled:
            exchange.settled = True
            connection.forget_sound(exchange.turn_id)
            connection.send(n.Clear(turn_id=exchange.turn_id))
        exchange.close()
        if self._exchange is exchange:
            self._exchange = None
            connection.idle.set()
        self._tell()

    def _watch(self, connection: Connection, exchange: Exchange) -> asyncio.TimerHandle:
        """A question that shows no sign of having been taken: System 2 is silent."""

        def look() -> None:
            if not exchange.signed and not exchange.over and connection.says_taken:
                self._reachable.silent(self._now_s())
                self._tell()

        patience_s = self._reachable.patience_s(self._now_s())
        return asyncio.get_running_loop().call_later(patience_s, look)

    # --- connection.Listener -----------------------------------------------------------------------

    def started(self, started: n.Started, round_trip_s: float | None) -> None:
        connection = self._running
        assert connection is not None
        self._check(connection.capabilities)
        if started.session_id != self._session_id:
            self._unsaid.clear()
        self._connection, self._session_id = connection, started.session_id
        while self._unsaid:
            connection.send(self._unsaid.popleft())
        if round_trip_s is not None:
            self._reachable.came_back(round_trip_s, self._now_s())
        self._reachable.started(hears=self._may_hear(connection))
        log.info("System 2 is there.")
        self._tell()
        if self._boot is not None and connection.capabilities.reports:
            connection.channel.mention(n.Report(op="boot", id=self._boot_id, body=self._boot), self._booted)

    def pinged(self, round_trip_s: float) -> None:
        self._reachable.came_back(round_trip_s, self._now_s())
        self._tell()

    def halted(self) -> None:
        self._calls.halt()

    def draining(self) -> None:
        self._connection = None
        self._reachable.lost("System 2 is being restarted; the device comes back by itself.")
        self._tell()

    def turn_word(self, word: TurnWord | n.Taken | n.Transcript | n.ToolCall | n.Refusal) -> bool:
        exchange = self._exchange
        if exchange is None or word.turn_id != exchange.turn_id or exchange.over:
            self.strays += 1
            return False
        exchange.signed = True
        self._backoff.proved_good()
        self._reachable.sign()
        if isinstance(word, n.Transcript):
            if self._hearing is not None:
                self._hearing.heard(word)
        elif isinstance(word, n.ToolCall):
            self._call(exchange, word)
        elif isinstance(word, n.Refusal):
            exchange.fail(MindError(f"System 2 refused. It says: {quoted(word.message or word.code)}"))
        elif not isinstance(word, n.Taken):
            exchange.take(word)
        if exchange.over and not exchange.settled and self._running is not None:
            self._finish(self._running, exchange)
        self._tell()
        return exchange.started and not exchange.over

    def _call(self, exchange: Exchange, call: n.ToolCall) -> None:
        act, result = self._toolbox.called(call)
        if act is not None:
            exchange.act(act)
        if self._running is not None:
            self._running.send(result)

    def _booted(self, ack: n.Ack) -> None:
        if ack.status != "retry":
            self._boot = None
