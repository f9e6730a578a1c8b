"""What waits to be sent to one page: bounded, in order, with sound that can be taken back."""

from __future__ import annotations

import asyncio
from collections import deque

CAPACITY = 512
"""Frames. Sound is sent at most 0.4 s ahead: about ten frames; the rest is words."""


class Outbox:
    """Never blocks who puts. When it is full the page does not read: `stuck` is set, and it is let go."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._frames: deque[str | bytes] = deque()
        self._filled = asyncio.Event()
        self.stuck = asyncio.Event()

    def put(self, frame: str | bytes) -> None:
        if len(self._frames) >= self._capacity:
            self.stuck.set()
            return
        self._frames.append(frame)
        self._filled.set()

    def drop_sound(self) -> None:
        """Take back all sound that is not yet on its way."""
        self._frames = deque(frame for frame in self._frames if isinstance(frame, str))

    async def get(self) -> str | bytes:
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()
