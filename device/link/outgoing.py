"""What waits to be sent: bounded, in order; when the network is too slow, old sound goes first."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from device.link.dialect import Wire
from device.link.setback import Setback
from device.link.way import Kind

MOST_SOUND_MS = 3000
"""Sound that is older helps nobody who waits for an answer."""
MOST_OTHER = 256
"""Messages. A connection that cannot take so many is of no use."""


@dataclass(frozen=True, slots=True)
class Outbound:
    """A frame for the server, of which turn it is, and what it holds."""

    frame: Wire
    kind: Kind
    turn_id: int | None = None
    sound_ms: int = 0
    """Its length, where it is sound."""


class Outgoing:
    """Not for several threads."""

    def __init__(self) -> None:
        self._waiting: deque[Outbound] = deque()
        self._sounds = self._sound_ms = 0
        self.dropped = 0
        """Packets of sound that came too fast for the network."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, outbound: Outbound) -> None:
        """Sound drops the oldest sound; raises Setback when too much else waits."""
        if outbound.kind == "audio":
            while self._sounds and self._sound_ms + outbound.sound_ms > MOST_SOUND_MS:
                self._drop_oldest_sound()
            self._count(outbound, 1)
        elif len(self._waiting) - self._sounds == MOST_OTHER:
            raise Setback("The connection to System 2 is too slow: nothing gets through any more.")
        self._waiting.append(outbound)

    def take(self) -> Outbound | None:
        """The next; None when nothing waits."""
        if not self._waiting:
            return None
        outbound = self._waiting.popleft()
        self._count(outbound, -1)
        return outbound

    def forget_sound(self, turn_id: int) -> None:
        """Nobody wants this turn's sound any more."""
        waiting, self._waiting = self._waiting, deque()
        for one in waiting:
            if one.kind == "audio" and one.turn_id == turn_id:
                self._count(one, -1)
            else:
                self._waiting.append(one)

    def _drop_oldest_sound(self) -> None:
        oldest = next(place for place, one in enumerate(self._waiting) if one.kind == "audio")
        self._count(self._waiting[oldest], -1)
        del self._waiting[oldest]
        self.dropped += 1

    def _count(self, outbound: Outbound, step: int) -> None:
        if outbound.kind == "audio":
            self._sounds += step
            self._sound_ms += step * outbound.sound_ms
