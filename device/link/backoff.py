"""How long to wait before the next connection: jittered, exponential, and never hot.

AWS Architecture Blog, "Exponential Backoff And Jitter" (2015): without jitter all the devices of a
gateway that was restarted come back in the same moment, again and again.
"""

from __future__ import annotations

from collections.abc import Callable

from device.link.setback import Setback

HEALTHY_S = 30.0
LONGEST_ASKED_S = 3600.0
SHORTEST_S = 0.5
MOST_DOUBLINGS = 16


class Backoff:
    """Every setback doubles the pause, until a connection has shown that it is good.

    It has when it was of use in a turn (a question of a person's was taken or answered), or has lasted
    30 s. Being accepted, greeted or acknowledged shows nothing: a server that lets in and closes at once
    would otherwise be asked without end.
    """

    def __init__(self, random: Callable[[], float]) -> None:
        """`random`: uniform in [0, 1)."""
        self._random = random
        self._setbacks = 0

    def proved_good(self) -> None:
        """The connection under way was of use, or has lasted `HEALTHY_S`."""
        self._setbacks = 0

    def pause_s(self, setback: Setback) -> float:
        """How long to wait now: half to the whole of what is due; as long as the server asked, and more."""
        first_s, longest_s = setback.pace.value
        due_s = min(longest_s, first_s * 2.0 ** min(self._setbacks, MOST_DOUBLINGS))
        self._setbacks += 1
        pause_s = due_s * (0.5 + self._random() / 2)
        if setback.retry_after_s is None:
            return max(SHORTEST_S, pause_s)
        asked_s = min(setback.retry_after_s, LONGEST_ASKED_S)
        return max(SHORTEST_S, pause_s, asked_s * (1 + self._random() / 4))
