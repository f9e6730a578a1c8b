"""Two small tools that the stages of a turn are joined with: reading ahead, and waiting with a bound."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, runtime_checkable

from device.errors import StageTimeout

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Next(Generic[T]):
    value: T


@dataclass(frozen=True, slots=True)
class _End:
    error: Exception | None


class ReadAhead(Generic[T]):
    """Reads a source in a task of its own, at most `capacity` items ahead of whoever iterates.

    The source's error comes where the source raised it: after everything that came before it.
    """

    def __init__(self, group: asyncio.TaskGroup, source: AsyncIterator[T], capacity: int, name: str) -> None:
        self._queue: asyncio.Queue[_Next[T] | _End] = asyncio.Queue(capacity)
        self._task = group.create_task(self._pump(source), name=name)

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        item = await self._queue.get()
        if isinstance(item, _Next):
            return item.value
        if item.error is not None:
            raise item.error
        raise StopAsyncIteration

    async def aclose(self) -> None:
        """Stop reading; the source is closed and awaited. Idempotent."""
        self._task.cancel()
        await asyncio.wait([self._task])

    async def _pump(self, source: AsyncIterator[T]) -> None:
        error: Exception | None = None
        try:
            async for value in source:
                await self._queue.put(_Next(value))
        except Exception as raised:  # noqa: BLE001 - raised again by __anext__
            error = raised
        finally:
            await close(source)
        await self._queue.put(_End(error))


@runtime_checkable
class _Closeable(Protocol):
    async def aclose(self) -> None: ...


async def close(source: AsyncIterator[T]) -> None:
    """Close a generator or whatever else can be closed; a plain iterator has nothing to close."""
    if isinstance(source, _Closeable):
        await source.aclose()


async def within(seconds: float, stage: str, awaitable: Awaitable[T]) -> T:
    """The result, or StageTimeout in the name of `stage`."""
    async with bounded(seconds, stage):
        return await awaitable


@contextlib.asynccontextmanager
async def bounded(seconds: float, stage: str) -> AsyncIterator[None]:
    """Raises StageTimeout in the name of `stage`; a TimeoutError of the body's own stays what it is."""
    bound = asyncio.timeout(seconds)
    try:
        async with bound:
            yield
    except TimeoutError as error:
        if bound.expired():
            raise StageTimeout(stage, seconds) from error
        raise


async def each_within(
    source: AsyncIterator[T], stage: str, first_s: float, next_s: float
) -> AsyncIterator[T]:
    """The items of `source`, each awaited for a bounded time; closing it closes the source."""
    seconds = first_s
    try:
        while True:
            try:
                item = await within(seconds, stage, anext(source))
            except StopAsyncIteration:
                return
            yield item
            seconds = next_s
    finally:
        await close(source)
