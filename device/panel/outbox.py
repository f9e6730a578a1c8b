"""What waits to be sent to one page: bounded, in order, with sound that can be taken back."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Literal

CAPACITY = 512
"""Frames. Sound is sent at most 0.4 s ahead: about ten frames; the rest is words."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A frame, and what is in it."""

    frame: str | bytes
    content: Literal["audio", "text", "control"]

    @property
    def size(self) -> int:
        """Bytes on the wire, without the frame's own."""
        return len(self.frame.encode()) if isinstance(self.frame, str) else len(self.frame)


class Outbox:
    """Never blocks who puts. When it is full the page does not read: `stuck` is set, and it is let go."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._parcels: deque[Parcel] = deque()
        self._filled = asyncio.Event()
        self.stuck = asyncio.Event()

    def put(self, parcel: Parcel) -> None:
        if len(self._parcels) >= self._capacity:
            self.stuck.set()
            return
        self._parcels.append(parcel)
        self._filled.set()

    def drop_sound(self) -> None:
        """Take back all sound that is not yet on its way."""
        self._parcels = deque(parcel for parcel in self._parcels if parcel.content != "audio")

    async def get(self) -> Parcel:
        while not self._parcels:
            self._filled.clear()
            await self._filled.wait()
        return self._parcels.popleft()
