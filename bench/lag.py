"""How late the event loop is: ticks of 5 ms beside whatever else it does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")

TICK_S = 0.005


async def with_lags_s(work: Awaitable[T]) -> tuple[T, list[float]]:
    """What `work` came to, and by how many seconds each tick until then was late."""
    late_s: list[float] = []

    async def tick() -> None:
        while True:
            asked_s = time.perf_counter()
            await asyncio.sleep(TICK_S)
            late_s.append(time.perf_counter() - asked_s - TICK_S)

    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(tick())
        result = await work
        ticking.cancel()
    return result, late_s
