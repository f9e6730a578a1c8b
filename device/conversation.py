"""What was said lately, by both, for whoever answers next. In RAM only; it ends with the process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from device.contracts import Line

LINES_KEPT = 20


class Conversation:
    """The last lines; of the device's own only what really sounded."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT)

    @property
    def history(self) -> tuple[Line, ...]:
        """Oldest first."""
        return tuple(self._lines)

    def add(self, lines: Iterable[Line]) -> None:
        """Lines without words are not remembered."""
        self._lines.extend(line for line in lines if line.text)
