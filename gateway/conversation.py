"""What a device says after its start: turns, one at a time, reports and promised answers beside them."""

from __future__ import annotations

import asyncio
from asyncio import Task, TaskGroup
from dataclasses import dataclass

from device.errors import SttError
from device.link import native as n
from gateway import codec
from gateway.delivering import Delivering
from gateway.hearing import Hearing
from gateway.party import Party, Send
from gateway.refused import BROKE_RULES, TOO_MANY, Refused
from gateway.reporting import ERASE, take_report
from gateway.services import Services
from gateway.turn import Turn


@dataclass(frozen=True, slots=True)
class _UnderWay:
    turn: Turn
    task: Task[None]
    hearing: Hearing | None


class Conversation:
    """Its turns run in `group`, the connection's own."""

    def __init__(self, party: Party, services: Services, send: Send, group: TaskGroup) -> None:
        self._party = party
        self._services = services
        self._send = send
        self._group = group
        self._newest = -1
        self._now: _UnderWay | None = None
        self.delivering = Delivering(party.device.id, services, send, self)
        """What this device was promised; runs beside the turns."""

    async def handle(self, message: n.FromDevice) -> None:
        """Act on it. Raises Refused, Gone, LinkError, StoreError."""
        match message:
            case n.Ask():
                await self._ask(message)
            case n.Begin():
                await self._begin(message)
            case n.Media():
                self._media(message)
            case n.End():
                if (now := self._current(message.turn_id)) and now.hearing:
                    now.hearing.end()
            case n.Clear():
                if self._current(message.turn_id):
                    await self.end_turn()
            case n.Said():
                await self._said(message)
            case n.ToolResult():
                if now := self._current(message.turn_id):
                    now.turn.tool_result(message)
            case n.Report():
                await self._report(message)
            case n.Ack():
                self.delivering.came(message)
            case n.Hello():
                raise Refused(BROKE_RULES, "broke_rules", "A connection has one start.")

    async def end_turn(self) -> None:
        """Stop the turn under way, if there is one: within one token, and one piece of sound."""
        if self._now is None:
            return
        now, self._now = self._now, None
        if now.task.done():
            return
        now.task.cancel()
        await asyncio.wait([now.task])
        self._services.metrics.turns.labels("cleared").inc()
        await self._send(n.Ended(turn_id=now.turn.turn_id, reason="cleared"))

    async def stop(self) -> None:
        """The connection is over: stop the turn under way, and send nothing more."""
        if self._now is not None:
            self._now.task.cancel()
            await asyncio.wait([self._now.task])

    @property
    def in_turn(self) -> bool:
        """A turn is under way."""
        return self._now is not None and not self._now.task.done()

    async def turn_over(self) -> None:
        """Wait for the turn under way to end by itself."""
        if self._now is not None:
            await asyncio.wait([self._now.task])

    async def _report(self, report: n.Report) -> None:
        if report.op != ERASE:
            await take_report(report, self._party.device, self._services, self._send)
            return
        await self.end_turn()  # what it says may rest on what is to be forgotten
        async with self.delivering.still:
            await take_report(report, self._party.device, self._services, self._send)

    async def _ask(self, ask: n.Ask) -> None:
        now = self._current(ask.turn_id)
        if now is not None and now.turn.ask(ask):
            return
        turn = await self._new(ask.turn_id)
        if turn is not None:
            turn.ask(ask)
            self._start(turn, None, answer=False)

    async def _begin(self, begin: n.Begin) -> None:
        turn = await self._new(begin.turn_id)
        if turn is None:
            return
        ears = self._services.ears
        if ears is None or "audio_in" not in self._party.features:
            await self._send(
                n.Ended(turn_id=begin.turn_id, reason="failed", message="This gateway hears no sound.")
            )
            return
        longest_s = self._services.settings.limits.utterance_s
        hearing = Hearing(ears.listen(), codec.decoder(), longest_s)
        self._start(turn, hearing, answer=begin.answer)

    async def _new(self, turn_id: int) -> Turn | None:
        """The turn before ends; None: this one is no newer, and is told that it is over."""
        if turn_id <= self._newest:
            await self._send(n.Ended(turn_id=turn_id, reason="failed", message="This turn is over."))
            return None
        await self._count()
        await self.end_turn()
        self._newest = turn_id
        return Turn(turn_id, self._party, self._services, self._send)

    def _start(self, turn: Turn, hearing: Hearing | None, answer: bool) -> None:
        task = self._group.create_task(turn.run(hearing, answer), name=f"turn {turn.turn_id}")
        self._now = _UnderWay(turn, task, hearing)

    def _media(self, media: n.Media) -> None:
        now = self._current(media.turn_id)
        if now is None or now.hearing is None:
            return  # on its way when the turn ended
        try:
            now.hearing.take(media)
        except SttError:
            now.hearing.end()  # asked for its words, it tells what is wrong

    async def _said(self, said: n.Said) -> None:
        within_s = self._services.settings.limits.said_s
        sessions = self._services.stores.sessions
        await sessions.said(self._party.session_id, said.turn_id, said.text, said.cut_off, within_s)

    async def _count(self) -> None:
        per_minute = self._services.settings.limits.questions_per_minute
        wait_s = await self._services.stores.uses.use(self._party.device.id, "question", per_minute)
        if wait_s > 0:
            raise Refused(TOO_MANY, "too_many", f"Too many questions: come back in {wait_s:.0f} s.", wait_s)

    def _current(self, turn_id: int) -> _UnderWay | None:
        now = self._now
        return now if now is not None and now.turn.turn_id == turn_id else None
