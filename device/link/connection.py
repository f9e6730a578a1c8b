"""One connection to System 2, from the open socket to its end: it reads, writes and pings side by side."""

from __future__ import annotations

import asyncio
import contextlib
from typing import NoReturn, Protocol, TypeAlias

from device.errors import LinkError, parts
from device.link import native as n
from device.link.allowance import Allowance
from device.link.channel import Channel, Taker, rejects
from device.link.dialect import Capabilities, Dialect, Step, ToSystem2, Wire
from device.link.exchange import TurnWord
from device.link.hook import Hook
from device.link.outgoing import Outbound, Outgoing
from device.link.setback import Pace, Setback, of_close
from device.link.way import Kind, Way

GREETING_S = 10.0
PING_EVERY_S = 18.0
PING_S = 15.0
"""Together: a dead link is seen within 33 s, also where nothing is said."""
FINISHING_S = 30.0
"""How long a gateway that goes down waits for the turn under way."""
MOST_AT_ONCE = 2000
MOST_PER_S = 200
"""Messages. Sound has some 50 in a second, words as many; what comes faster for long is no answer."""

TurnMessage: TypeAlias = TurnWord | n.Taken | n.Transcript | n.ToolCall | n.Refusal

_KINDS: dict[type[object], Kind] = {
    n.Media: "audio",
    n.Ask: "text",
    n.Said: "text",
    n.ToolResult: "text",
    n.Report: "text",
}


class Socket(Protocol):
    """An open WebSocket."""

    async def send(self, frame: Wire) -> None:
        """Waits while the network takes nothing. Raises Setback."""
        ...

    async def receive(self) -> Wire:
        """The next message. Raises Setback when the connection is over. Cancel-safe."""
        ...

    async def ping(self) -> float:
        """Seconds to the other side and back. Raises Setback."""
        ...

    async def close(self) -> None:
        """Hang up, within a second."""
        ...


class Listener(Protocol):
    """Who is told what comes. Each returns at once."""

    def started(self, started: n.Started, round_trip_s: float | None) -> None:
        """Turns may come. Raises Setback for a System 2 that may not be used."""
        ...

    def pinged(self, round_trip_s: float) -> None: ...

    def turn_word(self, word: TurnMessage) -> None:
        """Something of a turn."""
        ...

    def halted(self) -> None: ...

    def draining(self) -> None:
        """No new turn, please."""
        ...


class Connection:
    """Runs once. Whatever ends it is a Setback."""

    def __init__(
        self,
        socket: Socket,
        dialect: Dialect,
        listener: Listener,
        way: Way,
        hook: Hook | None,
        taker: Taker = rejects,
    ) -> None:
        self._socket = socket
        self._dialect = dialect
        self._listener = listener
        self._way = way
        self._hook = hook
        self._outgoing = Outgoing()
        self._writable = asyncio.Event()
        self._broken: Setback | None = None
        self._greeted = asyncio.Event()
        self._started = False
        self._hello_s: float | None = None
        self._stirred = asyncio.Event()
        self._stirred_s = 0.0
        self._refusal: n.Refusal | None = None
        """Why the connection will be ended, as the other side has said."""
        self._drain = asyncio.Event()
        self._retry_after_s = 0.0
        self.idle = asyncio.Event()
        """No turn is under way; the owner's to set and clear."""
        self.idle.set()
        self.channel = Channel(self.send, taker)

    @property
    def capabilities(self) -> Capabilities:
        return self._dialect.capabilities

    @property
    def says_taken(self) -> bool:
        """Questions are acknowledged. Who never says that an answer is over does not say this either."""
        return self._dialect.quiet_s is None

    @property
    def dropped(self) -> int:
        """Packets of sound that the network was too slow for."""
        return self._outgoing.dropped

    async def run(self) -> NoReturn:
        """Until the connection ends. Raises Setback."""
        try:
            await self._side_by_side()
        finally:
            self.channel.lost()
            await self._socket.close()

    async def _side_by_side(self) -> NoReturn:
        """What must be read is read in here: a group that loses a part after its body has ended leaves its
        own task counted as cancelled (Python 3.11), and no time limit in it would hold any more.
        """
        task = asyncio.current_task()
        assert task is not None
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._write(), name="link: write")
                group.create_task(self._ping(), name="link: ping")
                group.create_task(self._leave(), name="link: leave")
                group.create_task(self.channel.run(), name="link: device channel")
                if self._dialect.quiet_s is not None:
                    group.create_task(self._hush(self._dialect.quiet_s), name="link: hush")
                if self._hook is not None:
                    group.create_task(self._hook.run(), name="link: hook")
                await self._read()
        except BaseExceptionGroup as group_of:
            if task.cancelling():  # told to end in the moment of a loss: a group tells of the loss alone
                raise asyncio.CancelledError from group_of
            raise _why(group_of) from group_of

    def send(self, message: ToSystem2) -> None:
        """Returns at once. What cannot be sent ends the connection, and is not the caller's trouble."""
        kind = _KINDS.get(type(message), "control")
        try:
            step = self._dialect.send(message)
            self._follow(step, kind, getattr(message, "turn_id", None))
        except LinkError as error:
            self.break_off(error)
            return
        for word in step.words:
            self._word(word, asyncio.get_running_loop().time())
        self._stir()

    def forget_sound(self, turn_id: int) -> None:
        self._outgoing.forget_sound(turn_id)

    def break_off(self, error: LinkError) -> None:
        """End the connection; returns at once."""
        self._broken = error if isinstance(error, Setback) else Setback(str(error), Pace.SLOWLY)
        self._writable.set()

    def _follow(self, step: Step, kind: Kind, turn_id: int | None = None) -> None:
        sound_ms = self.capabilities.up.frame_ms if kind == "audio" else 0
        for frame in step.frames:
            self._outgoing.put(Outbound(frame, kind, turn_id, sound_ms))
        if step.frames:
            self._writable.set()
        for post in step.posts:
            if self._hook is None:
                raise Setback("This dialect needs system2.hook_url: see docs/system-2.md.", Pace.SLOWLY)
            self._hook.put(post)

    # --- its tasks ---------------------------------------------------------------------------------

    async def _write(self) -> NoReturn:
        while True:
            await self._writable.wait()
            self._writable.clear()
            while True:
                if self._broken is not None:
                    raise self._broken
                outbound = self._outgoing.take()
                if outbound is None:
                    break
                await self._socket.send(outbound.frame)
                frame = outbound.frame
                sent_bytes = len(frame) if isinstance(frame, bytes) else len(frame.encode())
                self._way.sent(outbound.kind, sent_bytes)

    async def _read(self) -> NoReturn:
        allowance = Allowance(MOST_AT_ONCE, MOST_PER_S)
        try:
            async with asyncio.timeout(GREETING_S):
                self._words(self._dialect.opened())
                while not self._started:
                    self._words(self._dialect.received(await self._received(allowance)))
        except TimeoutError as error:
            raise Setback(f"System 2 did not greet within {GREETING_S:g} s.") from error
        while True:
            self._words(self._dialect.received(await self._received(allowance)))
            self._stir()

    async def _received(self, allowance: Allowance) -> Wire:
        try:
            frame = await self._socket.receive()
        except Setback as setback:
            if self._refusal is None:
                raise
            said = self._refusal.message or self._refusal.code
            raise setback.explained(said, self._refusal.retry_after_s) from setback
        if not allowance.allows(asyncio.get_running_loop().time()):
            raise Setback("System 2 sent more than anybody could say, and was hung up on.", Pace.SLOWLY)
        return frame

    async def _ping(self) -> NoReturn:
        await self._greeted.wait()
        while True:
            try:
                async with asyncio.timeout(PING_S):
                    round_trip_s = await self._socket.ping()
            except TimeoutError as error:
                raise Setback("The connection to System 2 is dead: nothing comes back.") from error
            self._way.sent("control", PING_BYTES)
            self._listener.pinged(round_trip_s)
            await asyncio.sleep(PING_EVERY_S)

    async def _hush(self, quiet_s: float) -> NoReturn:
        """Tell the dialect once whenever nothing was said either way for so long."""
        now_s = asyncio.get_running_loop().time
        while True:
            await self._stirred.wait()
            self._stirred.clear()
            while (left_s := self._stirred_s + quiet_s - now_s()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(left_s)
            self._words(self._dialect.quiet())

    def _stir(self) -> None:
        self._stirred_s = asyncio.get_running_loop().time()
        self._stirred.set()

    async def _leave(self) -> NoReturn:
        """When the gateway goes down: after the turn under way, but not much later."""
        await self._drain.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FINISHING_S):
                await self.idle.wait()
        restarted = of_close(1012, "")
        raise Setback(str(restarted), restarted.pace, self._retry_after_s)

    # --- what comes --------------------------------------------------------------------------------

    def _words(self, step: Step) -> None:
        now_s = asyncio.get_running_loop().time()
        if step.frames and self._hello_s is None:
            self._hello_s = now_s
        self._follow(step, "control")
        for word in step.words:
            self._word(word, now_s)

    def _word(self, word: object, now_s: float) -> None:
        if isinstance(word, n.Started):
            self._started = True
            self._listener.started(word, None if self._hello_s is None else now_s - self._hello_s)
            self._greeted.set()
        elif isinstance(word, n.Halt):
            self._listener.halted()
        elif isinstance(word, n.Drain):
            self._retry_after_s = word.retry_after_s
            self._listener.draining()
            self._drain.set()
        elif isinstance(word, n.Report):
            self.channel.came(word)
        elif isinstance(word, n.Ack):
            self.channel.acknowledged(word)
        elif isinstance(word, n.Refusal) and word.turn_id is None:
            self._refusal = word
        elif isinstance(word, TurnMessage):
            self._listener.turn_word(word)


PING_BYTES = 10
"""A WebSocket frame with four bytes and their mask."""


def _why(group: BaseExceptionGroup[BaseException]) -> Exception:
    """The setback that ended it; broken rules become one, faults of our own stay what they are."""
    errors = parts(group)
    for error in errors:
        if not isinstance(error, LinkError):
            return error if isinstance(error, Exception) else RuntimeError(repr(error))
    for error in errors:
        if isinstance(error, Setback):
            return error
    return Setback(f"System 2 broke the rules and was hung up on: {errors[0]}", Pace.SLOWLY)
