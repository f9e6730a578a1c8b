"""How much to hand to an engine at a time, so that it comes back soon whatever the board. Pure."""

from __future__ import annotations


class Pace:
    """Steps of about the same time: their size follows how long the last one took."""

    def __init__(self, step_s: float, *, fewest: int, most: int) -> None:
        """`fewest` and `most` tokens a step; the first one is small, because nothing is known yet."""
        self._step_s = step_s
        self._fewest = fewest
        self._most = most
        self.tokens = min(2 * fewest, most)
        """Of the next step."""

    def took(self, tokens: int, seconds: float) -> None:
        """A step of so many tokens took so long. Single tokens tell nothing: they go by another path."""
        if tokens >= self._fewest:
            fitting = tokens * self._step_s / max(seconds, 1e-6)
            self.tokens = int(min(max(fitting, self._fewest), self._most))
