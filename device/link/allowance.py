"""So many of something in so many seconds, and a few more at once."""

from __future__ import annotations


class Allowance:
    """A token bucket: `at_once` are allowed together, then `per_s` each second."""

    def __init__(self, at_once: float, per_s: float) -> None:
        self._at_once = at_once
        self._per_s = per_s
        self._left = at_once
        self._seen_s: float | None = None

    def allows(self, now_s: float) -> bool:
        """Whether one more is allowed now (monotonic); it then counts."""
        passed_s = 0.0 if self._seen_s is None else max(0.0, now_s - self._seen_s)
        self._left = min(self._at_once, self._left + passed_s * self._per_s)
        self._seen_s = now_s
        if self._left < 1:
            return False
        self._left -= 1
        return True
