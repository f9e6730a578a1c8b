"""What was said lately, by both, for whoever answers next."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from device.contracts import Line

LINES_KEPT = 60
"""More than any language model here is reminded of; which of them it hears is its own budget."""


class Conversation:
    """The last lines; of the device's own only what really sounded."""

    def __init__(
        self, before: Iterable[Line] = (), keep: Callable[[Sequence[Line]], None] = lambda lines: None
    ) -> None:
        """`before` was said earlier; `keep` is given whatever is added, and must return at once."""
        self._lines: deque[Line] = deque(before, maxlen=LINES_KEPT)
        self._keep = keep

    @property
    def history(self) -> tuple[Line, ...]:
        """Oldest first."""
        return tuple(self._lines)

    def add(self, lines: Iterable[Line]) -> None:
        """Lines without words are not remembered."""
        said = [line for line in lines if line.text]
        if said:
            self._lines.extend(said)
            self._keep(said)
