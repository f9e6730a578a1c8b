"""A contact that bounces, made clean, pure: the first edge counts at once, those right after it do not."""

from __future__ import annotations


class Debounce:
    """One contact. After an edge that counts, nothing counts for `window_s`; then the contact is what it is.

    Both methods return the edges that count, each with its time: mostly none or one.
    """

    def __init__(self, down: bool, window_s: float) -> None:
        self._window_s = window_s
        self._seen = down
        self.down = down
        """What counts."""
        self.until_s = float("-inf")
        """Until then nothing counts. Somebody should look at the contact then, and call `rest`."""

    def edge(self, down: bool, at_s: float) -> tuple[tuple[bool, float], ...]:
        """The contact has changed. If nobody looked when it came to rest, what it came to counts first."""
        rested = self.rest(self._seen, self.until_s) if at_s > self.until_s else ()
        return rested + self.rest(down, at_s)

    def rest(self, down: bool, at_s: float) -> tuple[tuple[bool, float], ...]:
        """Somebody looks: the contact is down, or up."""
        self._seen = down
        if at_s < self.until_s or down == self.down:
            return ()
        self.down = down
        self.until_s = at_s + self._window_s
        return ((down, at_s),)
