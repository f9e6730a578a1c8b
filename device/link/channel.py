"""The device channel: reports beside the conversation, either way, each of which is acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal, NoReturn, TypeAlias

from device.errors import LinkError
from device.link import native as n

MOST_UNDER_WAY = 8
ACK_S = 10.0
MOST_TO_TAKE = 8
"""Reports from System 2 that wait; with one more it is told to come again later."""
AGAIN_S = 5.0

Taken: TypeAlias = Literal["ok", "dup", "rejected", "retry"]
"""What became of a report from System 2; see `native.Ack`."""
Taker: TypeAlias = Callable[[n.Report], Awaitable[Taken]]
"""Takes a report from System 2; what is to survive a restart is on disk when it returns. It never raises."""


class Unacknowledged(LinkError):
    """System 2 is there, and said nothing of a report in time."""

    code = "link_unacknowledged"


async def rejects(report: n.Report) -> Taken:
    """The taker of a device that no op of System 2's is known to."""
    return "rejected"


class Channel:
    """One connection's channel. `run` serves the reports that come; whoever made it runs it."""

    def __init__(self, send: Callable[[n.Report | n.Ack], None], taker: Taker = rejects) -> None:
        self._send = send
        self._taker = taker
        self._to_take: asyncio.Queue[n.Report] = asyncio.Queue(MOST_TO_TAKE)
        self._under_way: dict[str, asyncio.Future[n.Ack]] = {}
        self._mentioned: dict[str, Callable[[n.Ack], None]] = {}

    async def report(self, report: n.Report) -> n.Ack:
        """What became of it. Raises Unacknowledged; LinkError: too many under way, or the link is lost."""
        if len(self._under_way) >= MOST_UNDER_WAY or report.id in self._under_way:
            raise LinkError("Too many reports to System 2 are under way.")
        answer: asyncio.Future[n.Ack] = asyncio.get_running_loop().create_future()
        self._under_way[report.id] = answer
        try:
            self._send(report)
            async with asyncio.timeout(ACK_S):
                return await answer
        except TimeoutError as error:
            raise Unacknowledged(f"System 2 did not acknowledge a report within {ACK_S:g} s.") from error
        finally:
            del self._under_way[report.id]

    def mention(self, report: n.Report, acknowledged: Callable[[n.Ack], None]) -> None:
        """Send it without waiting; `acknowledged` is called should System 2 acknowledge it."""
        self._mentioned[report.id] = acknowledged
        self._send(report)

    def acknowledged(self, ack: n.Ack) -> None:
        """An answer that nobody waits for any more is passed over."""
        if (tell := self._mentioned.pop(ack.id, None)) is not None:
            tell(ack)
        answer = self._under_way.get(ack.id)
        if answer is not None and not answer.done():
            answer.set_result(ack)

    def came(self, report: n.Report) -> None:
        """From System 2."""
        if self._to_take.full():
            self._send(n.Ack(id=report.id, status="retry", retry_after_s=AGAIN_S))
        else:
            self._to_take.put_nowait(report)

    async def run(self) -> NoReturn:
        """Take what comes, one after the other, and acknowledge it; ends only by being cancelled."""
        while True:
            report = await self._to_take.get()
            self._send(n.Ack(id=report.id, status=await self._taker(report)))

    def lost(self) -> None:
        """The connection is over."""
        for answer in self._under_way.values():
            if not answer.done():
                answer.set_exception(LinkError("The link was lost before a report was acknowledged."))
