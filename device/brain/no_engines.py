"""In place of ears and a mind, on a device that leaves both to System 2: they say that it is out of reach."""

from __future__ import annotations

from collections.abc import AsyncIterator

from device.contracts import Frame, Line, Mind, Reply, ReplyItem, Request, Route, Transcript
from device.errors import NoSystem2

SENTENCE = "System 2 cannot be reached, and this device runs without engines of its own (thin mode)."


class NoStt:
    """Implements `ports.SpeechToText`; nothing of what is said is kept."""

    name = "none"

    def listen(self) -> _NoListening:
        return _NoListening()

    async def close(self) -> None: ...


class _NoListening:
    partial = ""

    def feed(self, frame: Frame) -> None: ...

    async def finish(self) -> Transcript:
        """Raises NoSystem2."""
        raise NoSystem2(SENTENCE)

    async def abandon(self) -> None: ...


class NoMind:
    """Implements `ports.Brain`."""

    async def prepare(self, history: tuple[Line, ...]) -> None: ...

    def route(self, request: Request) -> Route:
        return Route(Mind.SYSTEM_2, "there is no mind on board")

    def reply(self, request: Request, route: Route) -> Reply:
        return Reply(route.mind, _nothing())


async def _nothing() -> AsyncIterator[ReplyItem]:
    """Raises NoSystem2 when it is read."""
    raise NoSystem2(SENTENCE)
    yield  # a generator, like every reply
