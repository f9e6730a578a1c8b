"""Ears and a mind for a device that leaves both to System 2."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from device.brain.no_engines import SENTENCE, NoStt
from device.config import Deadlines, Use
from device.contracts import Line, Mind, Question, Reply, ReplyItem, Request, Route
from device.errors import NoSystem2
from device.pipeline import close, each_within
from device.ports import Listening, System2


class FarEars:
    """The `SpeechToText` port: every utterance's sound goes to System 2, where it may."""

    name = "System 2"

    def __init__(self, system_two: System2, use: Callable[[], Use]) -> None:
        self._system_two = system_two
        self._use = use

    def listen(self) -> Listening:
        """Of an utterance that may not be sent nothing is kept; finishing it raises NoSystem2."""
        may_send = self._use() != "never" and self._system_two.health.hears
        return self._system_two.listen() if may_send else NoStt().listen()

    async def close(self) -> None: ...


class FarMind:
    """The `Brain` port: System 2 answers everything, or a person is told that it is away."""

    def __init__(self, system_two: System2, use: Callable[[], Use], deadlines: Deadlines) -> None:
        self._system_two = system_two
        self._use = use
        self._deadlines = deadlines

    async def prepare(self, history: tuple[Line, ...]) -> None: ...

    def route(self, request: Request) -> Route:
        return Route(Mind.SYSTEM_2, "there is no mind on board")

    def reply(self, request: Request, route: Route) -> Reply:
        return Reply(route.mind, self._answer(request))

    async def _answer(self, request: Request) -> AsyncIterator[ReplyItem]:
        """Raises NoSystem2, MindError or StageTimeout."""
        if self._use() == "never":
            raise NoSystem2(SENTENCE)
        question = Question(request.turn_id, request.text, request.language, request.heard_as)
        limits = self._deadlines
        items = each_within(
            self._system_two.ask(question), "System 2", limits.first_words_s, limits.next_words_s
        )
        try:
            async for item in items:
                yield item
        finally:
            await close(items)
