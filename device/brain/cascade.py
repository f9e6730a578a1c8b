"""Minds one after the other: who does not begin in time is closed, and the next one is asked."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from device.contracts import AnsweredBy, Express, Hush, Mind, ReplyItem, Say
from device.errors import MindError, StageError, StageTimeout
from device.pipeline import bounded, close, each_within

log = logging.getLogger(__name__)

NAMES = {Mind.SYSTEM_1: "System 1", Mind.SYSTEM_2: "System 2", Mind.CACHE: "the cache", Mind.STOCK: "nobody"}
"""As a person is told of them."""


class NobodyAnswered(MindError):
    """Of several minds asked at once none had an answer; the message says why of each."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A mind that can be asked."""

    mind: Mind
    ask: Callable[[], AsyncIterator[ReplyItem]]
    """Raises nothing itself; the iterator does."""
    words_s: float
    """How long its first words may take."""


async def cascade(attempts: Sequence[Attempt], next_words_s: float) -> AsyncIterator[ReplyItem]:
    """The answer of the first that begins; each fall is an `AnsweredBy` with its reason, and logged.

    Once a mind has begun, its failure is final: nobody else knows what was said. When none begins, the
    last one's error is raised, after an `AnsweredBy` for the stock phrase that it is told with.
    """
    if not attempts:
        raise MindError("There is no mind to ask.")
    for attempt, after in zip(attempts, [*attempts[1:], None], strict=True):
        items = attempt.ask()
        try:
            begin = await begun(items, attempt)
            if not isinstance(begin, Exception):
                for item in begin:
                    yield item
                async for item in each_within(items, NAMES[attempt.mind], next_words_s, next_words_s):
                    yield item
                return
        finally:
            await close(items)
        why = failing(attempt, begin)
        next_mind = after.mind if after else Mind.STOCK
        log.warning("%s: %s answers", why, NAMES[next_mind])
        yield AnsweredBy(next_mind, why)
        if after is None:
            raise begin


async def begun(items: AsyncIterator[ReplyItem], attempt: Attempt) -> list[ReplyItem] | Exception:
    """Everything up to what answers first (a look alone does not), or why nothing did. Cancel-safe."""
    held: list[ReplyItem] = []
    try:
        async with bounded(attempt.words_s, NAMES[attempt.mind]):
            async for item in items:
                held.append(item)
                if answers(item):
                    return held
    except Exception as error:
        if not isinstance(error, StageError):
            log.error("%s failed in a way it should not", NAMES[attempt.mind], exc_info=error)
        return error
    return MindError("The mind gave no answer.")


def answers(item: ReplyItem) -> bool:
    """Whether a person has got something by it."""
    if isinstance(item, Say):
        return bool(item.text.strip())
    return not isinstance(item, Express | AnsweredBy | Hush)


def failing(attempt: Attempt, error: Exception) -> str:
    """Why a mind did not answer, for the log and the record, which hold no words of a turn."""
    name = NAMES[attempt.mind]
    if isinstance(error, NobodyAnswered):
        return str(error)
    if isinstance(error, StageTimeout) and error.stage == name:
        return f"{name} had no words within {attempt.words_s:.3g} s"
    why = error.told if isinstance(error, MindError) else error
    return f"{name} did not answer: {why}" if isinstance(error, StageError) else f"{name} failed"
