"""The link: one connection to System 2, kept for as long as the device runs (ports.System2)."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from device.contracts import LinkHealth, Question, ReplyItem
from device.errors import NoSystem2
from device.link import native as n
from device.link.backoff import HEALTHY_S, Backoff
from device.link.channel import Taker, rejects
from device.link.connection import Connection, Socket, TurnMessage
from device.link.dialect import Dialect
from device.link.health import Reachable
from device.link.hearing import Hearing
from device.link.hook import Hook
from device.link.setback import Setback
from device.link.sounded import Sounded
from device.link.turns import Rules, Sounds, Turns
from device.link.way import Way

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Calls:
    """Whom the link tells. From the event loop; each returns at once."""

    halt: Callable[[], None]
    """The one stop, pulled from afar."""
    changed: Callable[[LinkHealth], None]
    asked: Callable[[str], None] = lambda ref: None
    """A person's words or sound begin to leave for System 2; `ref`: "<session> <turn>", as it knows them."""
    takes: Taker = rejects
    """Takes what System 2 reports. This alone is waited for."""


class Link:
    """`run` keeps the connection; everything else works with the one that there is."""

    def __init__(
        self,
        dial: Callable[[str | None, int], Awaitable[Socket]],
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
        """`dial` opens a socket: a subprotocol, and how long its messages may be.

        `dialect` makes a new one for every connection, given the session of the one before, or "".

        `boot` is reported once, on the first connection that understands reports.
        """
        self._dial = dial
        self._dialect = dialect
        self._rules = rules
        self._calls = calls
        self._way = way
        self._hook = hook
        self._boot = boot
        self._boot_id = secrets.token_hex(16)
        self._backoff = Backoff(chance)
        self._now_s = clock
        self._reachable = Reachable("System 2 is being called.")
        self._turns = Turns(sounds, rules, self._reachable, self._tell, clock)
        self._sounded = Sounded()
        self._last_asked = ""
        self._told: LinkHealth | None = None
        self._connection: Connection | None = None
        """The one that greeted and takes turns."""
        self._running: Connection | None = None

    @property
    def strays(self) -> int:
        """Messages that belonged to no turn under way: they were dropped."""
        return self._turns.strays

    # --- ports.System2 -----------------------------------------------------------------------------

    @property
    def health(self) -> LinkHealth:
        return self._reachable.at(self._now_s())

    async def ask(self, question: Question) -> AsyncGenerator[ReplyItem, None]:
        """The answer, as it comes. Raises NoSystem2, at once when the link is down; MindError.

        Closing it tells System 2 to stop; nothing of this answer comes after that. Cancel-safe.
        """
        connection = self._connection
        if connection is None:
            raise NoSystem2(self.health.why)
        exchange = self._turns.ask(connection, question)
        self._note_asked(exchange.turn_id)
        self._sounded.asked(question.turn_id, exchange.turn_id)
        asked_s = self._now_s()
        watch = self._turns.watch(connection, exchange)
        try:
            while (item := await exchange.next()) is not None:
                yield item
        finally:
            watch.cancel()
            self._turns.leave(connection, exchange, self._now_s() - asked_s)

    def listen(self) -> Hearing:
        """Send it an utterance's sound while it is spoken; only where `health.hears`. Raises NoSystem2."""
        connection = self._connection
        if connection is None or not self._rules.may_hear(connection.capabilities):
            raise NoSystem2(self.health.why or "System 2 does not listen.")
        hearing = self._turns.listen(connection)
        self._note_asked(hearing.turn_id)
        return hearing

    def spoken(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        """A turn is over: what really sounded of it. Returns at once."""
        self._turns.forget_heard()
        self._sounded.note(turn_id, text, cut_off=cut_off)
        if self._connection is not None:
            self._tell_what_sounded(self._connection)

    @property
    def takes_reports(self) -> bool:
        """There is a System 2 now, and it understands the device channel."""
        return self._connection is not None and self._connection.capabilities.reports

    async def report(self, report: n.Report) -> n.Ack:
        """On the device channel. Raises LinkError, NoSystem2 where there is none now."""
        if self._connection is None or not self.takes_reports:
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
            except Exception:
                self._tell()  # it is lost, whatever it fell over
                raise
            await asyncio.sleep(pause_s)

    async def _one_connection(self) -> NoReturn:
        dialect = self._dialect(self._sounded.session_id)
        self._rules.check(dialect.capabilities)
        socket = await self._dial(dialect.subprotocol, dialect.longest_frame_bytes)
        self._running = Connection(socket, dialect, self, self._way, self._hook, self._calls.takes)
        healthy = asyncio.get_running_loop().call_later(HEALTHY_S, self._proved_good_by_lasting)
        try:
            await self._running.run()
        finally:
            healthy.cancel()
            self._running = self._connection = None
            self._reachable.lost("The link to System 2 was lost.")
            self._turns.break_off()

    def _proved_good_by_lasting(self) -> None:
        if self._connection is not None:
            self._backoff.proved_good()

    def _lost(self, setback: Setback) -> None:
        if self._told is None or self._told.why != str(setback):
            log.warning("%s", str(setback))  # as text: its traceback would keep the connection alive
        self._reachable.lost(str(setback))
        self._tell()

    def _tell(self) -> None:
        health = self.health
        if health != self._told:
            self._told = health
            self._calls.changed(health)

    # --- connection.Listener -----------------------------------------------------------------------

    def started(self, started: n.Started, round_trip_s: float | None) -> None:
        connection = self._running
        assert connection is not None
        self._rules.check(connection.capabilities)
        self._connection = connection
        self._sounded.began(started.session_id)
        self._tell_what_sounded(connection)
        if round_trip_s is not None:
            self._reachable.came_back(round_trip_s, self._now_s())
        self._reachable.started(hears=self._rules.may_hear(connection.capabilities))
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

    def turn_word(self, word: TurnMessage) -> None:
        if self._running is not None and self._turns.take(self._running, word):
            self._backoff.proved_good()

    def _note_asked(self, wire_id: int) -> None:
        """Once for a turn, also where what was heard in it is asked about afterwards."""
        ref = f"{self._sounded.session_id} {wire_id}"
        if ref != self._last_asked:
            self._last_asked = ref
            self._calls.asked(ref)

    def _tell_what_sounded(self, connection: Connection) -> None:
        for said in self._sounded.tell():
            connection.send(said)

    def _booted(self, ack: n.Ack) -> None:
        if ack.status != "retry":
            self._boot = None
