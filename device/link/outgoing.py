"""What waits to be sent: bounded, in order; when the network is too slow, old sound goes first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from device.link.dialect import Wire
from device.link.setback import Setback
from device.link.way import Kind

MOST_SOUND = 50
"""Packets: 3 s at 60 ms. Sound that is older helps nobody who waits for an answer."""
MOST_OTHER = 256
"""Messages. A connection that cannot take so many is of no use."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A frame for the server, of which turn it is, and what it holds."""

    frame: Wire
    kind: Kind
    turn_id: int | None = None


class Outgoing:
    """Not for several threads."""

    def __init__(self) -> None:
        self._waiting: deque[Outbound] = deque()
        self._sounds = 0
        self.dropped = 0
        """Packets of sound that came too fast for the network."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, outbound: Outbound) -> None:
        """Sound drops the oldest sound; raises Setback when too much else waits."""
        if outbound.kind == "audio":
            if self._sounds == MOST_SOUND:
                self._drop_oldest_sound()
            self._sounds += 1
        elif len(self._waiting) - self._sounds == MOST_OTHER:
            raise Setback("The connection to System 2 is too slow: nothing gets through any more.")
        self._waiting.append(outbound)

    def take(self) -> Outbound | None:
        """The next; None when nothing waits."""
        if not self._waiting:
            return None
        outbound = self._waiting.popleft()
        self._sounds -= outbound.kind == "audio"
        return outbound

    def forget_sound(self, turn_id: int) -> None:
        """Nobody wants this turn's sound any more."""
        kept = [one for one in self._waiting if one.kind != "audio" or one.turn_id != turn_id]
        self._sounds -= len(self._waiting) - len(kept)
        self._waiting = deque(kept)

    def _drop_oldest_sound(self) -> None:
        oldest = next(place for place, one in enumerate(self._waiting) if one.kind == "audio")
        del self._waiting[oldest]
        self._sounds -= 1
        self.dropped += 1
