"""The device channel: reports beside the conversation, either way, each of which is acknowledged."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from device.errors import LinkError
from device.link import native as n

MOST_UNDER_WAY = 8
ACK_S = 10.0
REMEMBERED = 64
"""Ids of reports that came, by which one that comes again is known."""


class Channel:
    """One connection's channel."""

    def __init__(self, send: Callable[[n.Report | n.Ack], None]) -> None:
        self._send = send
        self._under_way: dict[str, asyncio.Future[n.Ack]] = {}
        self._mentioned: dict[str, Callable[[n.Ack], None]] = {}
        self._came: deque[str] = deque(maxlen=REMEMBERED)

    async def report(self, report: n.Report) -> n.Ack:
        """What became of it. Raises LinkError: too many are under way, it took too long, the link is lost."""
        if len(self._under_way) >= MOST_UNDER_WAY or report.id in self._under_way:
            raise LinkError("Too many reports to System 2 are under way.")
        answer: asyncio.Future[n.Ack] = asyncio.get_running_loop().create_future()
        self._under_way[report.id] = answer
        try:
            self._send(report)
            async with asyncio.timeout(ACK_S):
                return await answer
        except TimeoutError as error:
            raise LinkError(f"System 2 did not acknowledge a report within {ACK_S:g} s.") from error
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
        """From System 2. No op from there is known to this release."""
        known = report.id in self._came
        if not known:
            self._came.append(report.id)
        self._send(n.Ack(id=report.id, status="dup" if known else "rejected"))

    def lost(self) -> None:
        """The connection is over."""
        for answer in self._under_way.values():
            if not answer.done():
                answer.set_exception(LinkError("The link was lost before a report was acknowledged."))
