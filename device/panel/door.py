"""The way in: every page says hello with the device's token, soon, before anything else."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from starlette.websockets import WebSocket, WebSocketDisconnect

from device.panel import messages as m
from device.panel.token import Attempts, Token

HELLO_WITHIN_S = 5.0
MOST_WAITING = 16
"""Sockets from one address that have not said hello yet."""

REFUSED, TOO_MANY, WRONG_TOKEN, TOO_MANY_TRIES = 1008, 1013, 4401, 4429
"""WebSocket close codes: policy violation; try again later (RFC 6455 and IANA's registry); and two of
the range that is free for applications, named after HTTP's 401 and 429."""


@dataclass(frozen=True, slots=True)
class NotAdmitted(Exception):
    """Why the socket is closed."""

    code: int
    reason: str
    """A sentence for a person."""


class Door:
    """One for all pages, so that tries are counted over all sockets."""

    def __init__(self, token: Token, clock: Callable[[], float]) -> None:
        self._token = token
        self._attempts = Attempts(clock)
        self._waiting: Counter[str] = Counter()

    async def admit(self, socket: WebSocket) -> None:
        """Returns when the page at the other end, which was accepted, has shown the token.

        Raises NotAdmitted, or WebSocketDisconnect when it goes away.
        """
        address = socket.client.host if socket.client else ""
        if self._waiting[address] >= MOST_WAITING:
            raise NotAdmitted(TOO_MANY, "Too many are at the door; try again in a moment.")
        self._waiting[address] += 1
        try:
            hello = await _hello(socket)
        finally:
            self._waiting[address] -= 1
            if not self._waiting[address]:
                del self._waiting[address]
        self._check(hello.token, address)

    def _check(self, token: str, address: str) -> None:
        if not self._attempts.allowed(address):
            raise NotAdmitted(TOO_MANY_TRIES, "Too many wrong tokens: wait a minute, and try again.")
        if not self._token.fits(token):
            self._attempts.failed(address)
            raise NotAdmitted(WRONG_TOKEN, "That is not this device's token.")


async def _hello(socket: WebSocket) -> m.Hello:
    try:
        async with asyncio.timeout(HELLO_WITHIN_S):
            message = await received(socket)
    except TimeoutError as error:
        raise NotAdmitted(REFUSED, "The page did not say hello.") from error
    except m.MalformedMessage as error:
        raise NotAdmitted(REFUSED, str(error)) from error
    if not isinstance(message, m.Hello):
        raise NotAdmitted(REFUSED, "The first message of a page is hello.")
    return message


async def received(socket: WebSocket) -> m.PageMessage | bytes:
    """The next frame. Raises MalformedMessage, or WebSocketDisconnect when there is none."""
    frame = await socket.receive()
    if frame["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(frame["code"])
    text: str | None = frame.get("text")
    sound: bytes | None = frame.get("bytes")
    return m.read(text) if text is not None else sound or b""
