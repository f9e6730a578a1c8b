"""Promised questions, answered in peace: claimed, thought about, tried again until they expire.

What is under way here is claimed for a while, so that of several gateways on one store only one answers; what
a gateway was at when it died is taken up by another when its claim ends.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing

from device.errors import MindError, TwomindsError
from gateway.answering import AnswerRefused
from gateway.minds.prompting import prompt_for_later
from gateway.safety import REFUSAL
from gateway.services import Services
from gateway.stores.ports import OpenQuestion, StoreError
from gateway.tools import NoTools

log = logging.getLogger(__name__)

LONGEST_CHARACTERS = 400
"""Of an answer, which is cut after the clause that reaches them: it is told in one go, some 25 s."""
CLAIM_SLACK_S = 10.0
"""How much longer than its deadline an answer is claimed for, so that no two processes are at it."""
MOST_DOUBLINGS = 9


class Promised:
    """As many at once as the settings say; each waits for nothing but its own mind."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def run(self) -> None:
        """As long as the process runs."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._services.settings.limits.questions_at_once):
                group.create_task(self._work(), name=f"promised {number}")

    async def _work(self) -> None:
        limits = self._services.settings.limits
        while True:
            try:
                question = await self._services.stores.questions.claim(limits.answer_s + CLAIM_SLACK_S)
                if question is not None:
                    await self._answer(question)
                    continue
            except StoreError as error:
                log.warning("A promised question has to wait: %s", error)
            await asyncio.sleep(limits.watch_s)

    async def _answer(self, question: OpenQuestion) -> None:
        """Raises StoreError."""
        metrics, questions = self._services.metrics, self._services.stores.questions
        try:
            became, text = await self._thought(question)
        except Exception as error:  # what an endpoint sends may be anything: the question is tried again
            metrics.errors.labels(_code(error)).inc()
            metrics.questions.labels("failed").inc()
            log.warning("A promised question was not answered this time: %s", _sentence(error))
            log.debug("promised question %d", question.number, exc_info=error)
            await questions.put_off(question.number, self._wait_s(question.tries))
            return
        if await questions.answered(question.number, text):
            metrics.questions.labels(became).inc()

    async def _thought(self, question: OpenQuestion) -> tuple[str, str]:
        """A word for the metric, and what the person is told. Raises MindError, TimeoutError."""
        settings, answering = self._services.settings, self._services.answering
        asked = prompt_for_later(question.asker, settings.llm.system_prompt, question.text, question.asked_at)
        said, length = [], 0
        try:
            async with asyncio.timeout(settings.limits.answer_s):
                await answering.admit(question.text, question.asker)
                async with aclosing(answering.clauses(asked, question.asker, NoTools())) as clauses:
                    async for clause in clauses:
                        said.append(clause.text)
                        length += len(clause.text)
                        if length >= LONGEST_CHARACTERS:
                            break
        except AnswerRefused as refused:
            return "refused", str(refused) or REFUSAL
        text = "".join(said).strip()
        if not text:
            raise MindError("The language model said nothing.")
        return "answered", text

    def _wait_s(self, tries: int) -> float:
        times = 1 << min(tries - 1, MOST_DOUBLINGS)
        return self._services.settings.limits.question_retry_s * times


def _code(error: Exception) -> str:
    if isinstance(error, TwomindsError):
        return error.code
    return "timeout" if isinstance(error, TimeoutError) else "bug"


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, TwomindsError) else type(error).__name__
