"""What was said lately, by both, for whoever answers next. In RAM only; it ends with the process."""

from __future__ import annotations

from collections import deque

from device.contracts import Line, Who

LINES_KEPT = 20


class Conversation:
    """The last lines; of the device's own only what really sounded."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=LINES_KEPT)

    @property
    def history(self) -> tuple[Line, ...]:
        """Oldest first."""
        return tuple(self._lines)

    def add(self, who: Who, text: str) -> None:
        """Words that were not there are not remembered."""
        if text:
            self._lines.append(Line(who, text))

    def forget(self) -> None:
        self._lines.clear()
