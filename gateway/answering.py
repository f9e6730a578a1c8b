"""One question to its answer: judged, thought about, cut into clauses, judged again."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable
from contextlib import aclosing

from device.errors import MindError, SafetyError
from device.link.native import DeviceInfo
from gateway.clauses import Clause, Clauses
from gateway.minds.ports import Mind, Prompt, Tools
from gateway.safety import REFUSED, Judgement, SafetyHook

log = logging.getLogger(__name__)

LONGEST_ANSWER_CHARACTERS = 16_000
"""A mind that has not come to an end by then comes to none; devices hang up there, too."""


class AnswerRefused(Exception):
    """The safety hook does not let it pass; the message is a sentence for the person."""


class Answering:
    """A mind behind a safety hook."""

    def __init__(self, mind: Mind, safety: SafetyHook) -> None:
        self._mind = mind
        self._safety = safety

    async def admit(self, text: str, device: DeviceInfo) -> None:
        """To be asked before a question is kept or answered. Raises AnswerRefused."""
        _pass(await self._judged(self._safety.before(text, device.audience)))

    async def clauses(self, prompt: Prompt, device: DeviceInfo, tools: Tools) -> AsyncGenerator[Clause, None]:
        """The answer, clause by clause. Raises AnswerRefused, MindError. Closing it stops the mind."""
        audience, length = device.audience, 0
        cutting = Clauses()
        async with aclosing(self._mind.answer(prompt, tools)) as pieces:
            async for piece in pieces:
                length += len(piece)
                if length > LONGEST_ANSWER_CHARACTERS:
                    raise MindError("The language model came to no end.")
                for clause in cutting.feed(piece):
                    _pass(await self._judged(self._safety.after(clause.text, audience)))
                    yield clause
        for clause in cutting.finish():
            _pass(await self._judged(self._safety.after(clause.text, audience)))
            yield clause

    async def _judged(self, judging: Awaitable[Judgement]) -> Judgement:
        try:
            return await judging
        except SafetyError as error:
            log.warning("A text could not be judged and was refused: %s", error)
            return REFUSED


def _pass(judgement: Judgement) -> None:
    if not judgement.allowed:
        raise AnswerRefused(judgement.reason)
