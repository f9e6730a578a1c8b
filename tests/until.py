"""Waiting for what wakes nobody here: it happens in a thread, on a disk, or in another process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


async def until(so: Callable[[], bool], within_s: float = 20.0, every_s: float = 0.005) -> None:
    """Looks again and again. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not so():  # noqa: ASYNC110
            await asyncio.sleep(every_s)
