"""One fact about System 2's health, steadied: what flaps in the network does not flap in the device. Pure.

Told what the link measured and when (monotonic seconds), it says how the link is to be taken:

- A drop shorter than `GRACE_S` is not seen. A question fails at once meanwhile, whatever is shown here.
- After a drop that was seen, being back counts at once; after several within `REMEMBERED_S` only once it has
  lasted, longer with each of them.
- A link is slow from round trips of `SLOW_S` on, and not any more below `WELL_S`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import Final

from device.contracts import LinkHealth

GRACE_S: Final = 3.0
FIRST_HOLD_S: Final = 10.0
"""How long a link that drops for the second time must last before it counts; twice that for the third."""
LONGEST_HOLD_S: Final = 60.0
REMEMBERED_S: Final = 600.0
"""A drop longer ago says nothing of the network now."""
SLOW_S: Final = 1.5
"""As long as System 2 has for its first words (deadlines.system2_words_s)."""
WELL_S: Final = 0.8
UNSTEADY: Final = "The link to System 2 comes and goes; it is used again once it has lasted for a while."


class Connectivity:
    """What was measured goes in, what counts comes out."""

    def __init__(self) -> None:
        """Nothing is known yet: System 2 is not up, and nobody knows why."""
        self._raw = self._last_up = LinkHealth(up=False)
        self._since_s: float | None = None
        """When the link last came up or went down; None before the first word of it."""
        self._up = self._slow = False
        self._told_down = False
        self._drops: deque[float] = deque(maxlen=16)
        """When drops were seen."""

    def measured(self, health: LinkHealth, now_s: float) -> None:
        """What the link says now; as often as one likes."""
        self._settle(now_s)
        if self._since_s is None or health.up != self._raw.up:
            self._since_s = now_s
        self._raw = health
        self._last_up = health if health.up else self._last_up
        self._settle(now_s)

    def at(self, now_s: float) -> LinkHealth:
        """How it is to be taken."""
        self._settle(now_s)
        raw = self._raw
        if self._up:
            return replace(raw if raw.up else self._last_up, slow=self._slow)
        why = UNSTEADY if raw.up else raw.why
        return replace(raw, up=False, why=why if self._told_down else "", hears=False)

    def again_s(self, now_s: float) -> float | None:
        """In how many seconds `at` may change, if nothing is measured before; None: it cannot."""
        self._settle(now_s)
        if self._since_s is None or (self._raw.up == self._up and (self._up or self._told_down)):
            return None
        wait_s = self._hold_s(now_s) if self._raw.up else GRACE_S
        return max(0.0, self._since_s + wait_s - now_s)

    def _settle(self, now_s: float) -> None:
        """What has lasted for long enough counts."""
        if self._since_s is None:
            return
        lasted_s = now_s - self._since_s
        if self._raw.up:
            if not self._up and lasted_s >= self._hold_s(now_s):
                self._up = self._told_down = True
            self._judge_speed()
        elif lasted_s >= GRACE_S:
            if self._up:
                self._drops.append(self._since_s + GRACE_S)
            self._up = self._slow = False
            self._told_down = True

    def _judge_speed(self) -> None:
        if self._raw.round_trip_s is not None:
            self._slow = self._raw.round_trip_s >= (WELL_S if self._slow else SLOW_S)

    def _hold_s(self, now_s: float) -> float:
        """How long the link must have been up to count."""
        lately = sum(1 for dropped_s in self._drops if now_s - dropped_s < REMEMBERED_S)
        return 0.0 if lately < 2 else min(LONGEST_HOLD_S, FIRST_HOLD_S * 2 ** (lately - 2))
