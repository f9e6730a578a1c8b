"""One stop: whoever pulls it, from whatever thread, the speaker falls silent and the robot stands still.

Nothing here waits for the event loop, an engine or a network. It is released only by what a person does
next: pressing to talk, or asking.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

log = logging.getLogger(__name__)

BEAT_S = 0.05
LONGEST_SILENCE_S = 0.3
"""Of the event loop, before everything that moves is halted."""


class StopLatch:
    """Safe to use from any thread."""

    def __init__(self) -> None:
        self._reached: list[Callable[[], None]] = []
        self.pulled = False
        """Nothing is to move."""

    def reaches(self, halt: Callable[[], None]) -> None:
        """`halt` is called whenever the latch is pulled, in the thread that pulls: it returns at once."""
        self._reached.append(halt)

    def pull(self) -> None:
        """Everything that the latch reaches is halted when this returns, even if one fails. Idempotent."""
        self.pulled = True
        for halt in self._reached:
            try:
                halt()
            except Exception:
                log.exception("a part of the device could not be stopped")

    def release(self) -> None:
        """A person wants something again."""
        self.pulled = False


class Deadman:
    """Halts what moves when the event loop has not been heard of for `LONGEST_SILENCE_S`.

    A thread of its own, from `start` to `end`. The loop calls `beat` every `BEAT_S`.
    """

    def __init__(self, halt: Callable[[], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._halt = halt
        self._clock = clock
        self._beat_s = clock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="deadman", daemon=True)
        self.halts = 0
        """How often it had to."""

    def start(self) -> None:
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        """The event loop is alive."""
        self._beat_s = self._clock()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        late = halted = False
        while not self._ended.wait(BEAT_S):
            was_late, late = late, self._clock() - self._beat_s > LONGEST_SILENCE_S
            if late and not was_late:
                self.halts += 1
                log.error("the event loop stands still for %g s: the robot is halted", LONGEST_SILENCE_S)
            halted = late and (halted or self._halts())

    def _halts(self) -> bool:
        """Whether it did; if not, it is tried again `BEAT_S` later."""
        try:
            self._halt()
        except Exception:
            log.exception("the robot could not be halted")
            return False
        return True
