"""Minds asked at the same time: the first good clause is spoken, and whoever made the others is closed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from device.brain.cascade import NAMES, Attempt, NobodyAnswered, answers, failing
from device.brain.chunker import ClauseSplitter
from device.contracts import AnsweredBy, ReplyItem, Say, Spoken, Unworded
from device.errors import MindError, StageError
from device.pipeline import bounded, close

log = logging.getLogger(__name__)

Judge = Callable[[str], Awaitable[bool]]
"""Whether a first clause is good enough to be spoken."""


async def race(attempts: Sequence[Attempt], good: Judge) -> AsyncIterator[ReplyItem]:
    """The answer of the first mind with a good first clause, after an `AnsweredBy` for it.

    A clause that is not good is kept until the first mind's time is up, or the others have nothing better.
    The winner's failure is final. Raises NobodyAnswered when there is none. To be iterated and closed by
    one task; whatever ends it ends every mind's work.
    """
    told: asyncio.Queue[_Runner] = asyncio.Queue(len(attempts))
    runners = [_Runner(attempt, good, told) for attempt in attempts]
    failure: Exception | None = None
    async with asyncio.TaskGroup() as group:
        tasks = {
            runner: group.create_task(runner.run(), name=NAMES[runner.attempt.mind]) for runner in runners
        }
        try:
            winner = await _winner(told, runners, attempts[0].words_s)
            for runner, task in tasks.items():
                if runner is not winner:
                    task.cancel()
            if winner is None:
                failure = NobodyAnswered(" and ".join(runner.why for runner in runners))
            else:
                yield AnsweredBy(winner.attempt.mind, _why(winner, runners))
                async with contextlib.aclosing(winner.answer()) as answer:
                    async for item in answer:
                        yield item
                failure = winner.error
        except GeneratorExit:  # a group would make an error of its own of it
            return
        finally:
            for task in tasks.values():
                task.cancel()
    if failure is not None:
        raise failure


async def _winner(
    told: asyncio.Queue[_Runner], runners: Sequence[_Runner], reserve_s: float
) -> _Runner | None:
    """Who is spoken: the first good one, else within `reserve_s` the best of the others; None: nobody."""
    reserve: _Runner | None = None
    reserve_ends_s = asyncio.get_running_loop().time() + reserve_s
    for _ in runners:
        try:
            async with asyncio.timeout_at(None if reserve is None else reserve_ends_s):
                runner = await told.get()
        except TimeoutError:
            return reserve
        if runner.is_good:
            return runner
        if runner.error is None and (reserve is None or runners.index(runner) < runners.index(reserve)):
            reserve = runner
    return reserve


def _why(winner: _Runner, runners: Sequence[_Runner]) -> str:
    failed = [runner.why for runner in runners if runner is not winner and runner.error is not None]
    how = "had the first good clause" if winner.is_good else "had nothing better than this by its time"
    return "; ".join([f"{NAMES[winner.attempt.mind]} {how}", *failed])


@dataclass(frozen=True, slots=True)
class _End:
    """The runner's answer is over."""


class _Runner:
    """One mind in a race, in a task of its own: read up to its first clause, and on once it has won."""

    def __init__(self, attempt: Attempt, good: Judge, told: asyncio.Queue[_Runner]) -> None:
        self.attempt = attempt
        self.is_good = False
        self.error: Exception | None = None
        self._good = good
        self._told = told
        self._has_told = False
        self._begin: list[ReplyItem] = []
        self._won = asyncio.Event()
        self._rest: asyncio.Queue[ReplyItem | _End] = asyncio.Queue(1)

    @property
    def why(self) -> str:
        """Why it did not answer."""
        return failing(self.attempt, self.error or MindError("it was too late."))

    async def run(self) -> None:
        """Tells of its first clause once; then waits until it has won. Never raises but CancelledError."""
        items = self.attempt.ask()
        try:
            try:
                await self._run_to_first_clause(items)
                await self._won.wait()
                async for item in items:
                    await self._rest.put(item)
            finally:
                await close(items)
        except Exception as error:  # noqa: BLE001 - handed over to whoever waits for this mind
            self._failed(error)
        if self._won.is_set():
            await self._rest.put(_End())
        elif not self._has_told:
            self._tell()

    async def answer(self) -> AsyncGenerator[ReplyItem, None]:
        """What it says, from the beginning; then `error` tells whether it broke off. It has won by that."""
        for begun in self._begin:
            yield begun
        self._won.set()
        while not isinstance(item := await self._rest.get(), _End):
            yield item

    async def _run_to_first_clause(self, items: AsyncIterator[ReplyItem]) -> None:
        """Raises StageTimeout or whatever the mind raises; MindError when there is no answer."""
        async with bounded(self.attempt.words_s, NAMES[self.attempt.mind]):
            clause = await self._first_clause(items)
        if not any(map(answers, self._begin)):
            raise MindError("The mind gave no answer.")
        self.is_good = await self._good(clause)
        self._tell()

    def _tell(self) -> None:
        self._has_told = True
        self._told.put_nowait(self)

    async def _first_clause(self, items: AsyncIterator[ReplyItem]) -> str:
        """Read until it is there; "" when there is none, or no words for it."""
        splitter = ClauseSplitter()
        async for item in items:
            self._begin.append(item)
            if isinstance(item, Say):
                clauses = splitter.feed(item.text, ends=item.ends)
            elif isinstance(item, Spoken | Unworded):
                clauses = [*splitter.flush(), item.text if isinstance(item, Spoken) else ""]
            else:
                clauses = splitter.flush()
            if clauses:
                return clauses[0]
        return " ".join(splitter.flush())

    def _failed(self, error: Exception) -> None:
        self.error = error
        log.warning("%s", self.why)
        if not isinstance(error, StageError):
            log.error("%s failed in a way it should not", NAMES[self.attempt.mind], exc_info=error)
