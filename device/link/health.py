"""How System 2 can be reached, from what was measured: round trips, first words, silences."""

from __future__ import annotations

import statistics
from collections import deque

from device.contracts import LinkHealth

KEPT = 5
"""Measurements of which the median counts: one odd one changes nothing."""
FRESH_S = 600.0
"""What was measured longer ago says nothing of now."""
SHORTEST_PATIENCE_S = 0.5
PATIENCE_ROUND_TRIPS = 4
"""A question that has found no sign of being taken after so many was not taken."""
SHORTEST_GIVEN_UP_S = 0.25
"""A question that was given up sooner says nothing of how long its answer would have taken."""
LONG_WAIT_S = 1.0
"""So long is waited for System 2 itself; whoever gave up sooner had an answer elsewhere, or spoke."""
FIRST_REST_S = 15.0
LONGEST_REST_S = 240.0
SILENT = "System 2 is connected, but does not answer; it is asked again in a while."


class Measured:
    """The median of the last measurements that are still fresh."""

    def __init__(self) -> None:
        self._last: deque[tuple[float, float]] = deque(maxlen=KEPT)

    def add(self, seconds: float, now_s: float) -> None:
        self._last.append((now_s, seconds))

    def median_s(self, now_s: float) -> float | None:
        fresh = [seconds for when_s, seconds in self._last if now_s - when_s <= FRESH_S]
        return statistics.median(fresh) if fresh else None


class Reachable:
    """Told what happens, always with the monotonic time; says how the link is."""

    def __init__(self, why: str) -> None:
        """Not up yet, and why."""
        self._why = why
        self._connected = False
        self._hears = False
        self._rests = 0
        self._resting_until_s: float | None = None
        self._round_trips = Measured()
        self._first_words = Measured()

    def at(self, now_s: float) -> LinkHealth:
        """As it is now."""
        resting = self._resting_until_s is not None and now_s < self._resting_until_s
        up = self._connected and not resting
        return LinkHealth(
            up=up,
            why="" if up else SILENT if self._connected else self._why,
            round_trip_s=self._round_trips.median_s(now_s),
            first_words_s=self._first_words.median_s(now_s),
            hears=up and self._hears,
        )

    # --- the connection ----------------------------------------------------------------------------

    def started(self, *, hears: bool) -> None:
        """System 2 can be asked from now on."""
        self._connected, self._hears, self._why = True, hears, ""
        self._resting_until_s = None

    def lost(self, why: str) -> None:
        """It cannot be asked any more; the sentence says why, and what to do."""
        self._connected, self._why = False, why

    def came_back(self, round_trip_s: float, now_s: float) -> None:
        """A ping or a greeting was answered."""
        self._round_trips.add(round_trip_s, now_s)

    # --- questions ---------------------------------------------------------------------------------

    def patience_s(self, now_s: float) -> float:
        """How long after a question there must have come some sign."""
        round_trip_s = self._round_trips.median_s(now_s) or 0.0
        return max(SHORTEST_PATIENCE_S, PATIENCE_ROUND_TRIPS * round_trip_s)

    def silent(self, now_s: float) -> None:
        """No sign came. It is left alone for a while, then a question may try again; longer each time."""
        rest_s = min(LONGEST_REST_S, FIRST_REST_S * 2**self._rests)
        self._rests = min(self._rests + 1, 8)
        self._resting_until_s = now_s + rest_s

    def sign(self) -> None:
        """Something came that belongs to a question."""
        self._rests = 0
        self._resting_until_s = None

    def first_words(self, waited_s: float, now_s: float) -> None:
        """An answer began."""
        self._first_words.add(waited_s, now_s)

    def given_up(self, waited_s: float, now_s: float) -> None:
        """Nobody wanted to wait longer: all that is known is that it would have taken more.

        It counts as the waited time, and as twice that where it was long; less than what is usual says
        nothing. So giving up early, because another mind was faster or a person spoke, makes System 2
        look neither fast nor slow.
        """
        usual_s = self._first_words.median_s(now_s) or SHORTEST_GIVEN_UP_S
        if waited_s > usual_s:
            self._first_words.add(2 * waited_s if waited_s >= LONG_WAIT_S else waited_s, now_s)
