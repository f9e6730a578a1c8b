"""The numbers of a stream's packets: which are late, and how many are missing before one."""

from __future__ import annotations

_NUMBERS = 1 << 16
"""On the wire a number has 16 bits and wraps: what is less than half of them ahead is new."""

LONGEST_GAP_S = 0.5
"""More than this is never made up: a DTX encoder is silent for 0.4 s at the longest, and then says so."""


class PacketNumbers:
    """One stream, from whichever packet comes first."""

    def __init__(self) -> None:
        self._next: int | None = None

    def missing_before(self, number: int) -> int | None:
        """How many packets are left out between the last one and this; None if it is old, or came before."""
        number %= _NUMBERS
        missing = 0 if self._next is None else (number - self._next) % _NUMBERS
        if missing >= _NUMBERS // 2:
            return None
        self._next = (number + 1) % _NUMBERS
        return missing
