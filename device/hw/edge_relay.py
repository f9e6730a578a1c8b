"""Carries a button's edges from the thread that sees them to the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from device.hw.talk_button import TalkButton


class EdgeRelay:
    """What must not wait happens in the edge's own thread, the rest when the event loop comes to it."""

    def __init__(
        self, button: TalkButton, at_press: Callable[[], None], loop: asyncio.AbstractEventLoop
    ) -> None:
        """`at_press` stops what sounds and moves: from any thread, at once, also while the loop hangs."""
        self._button = button
        self._at_press = at_press
        self._loop = loop

    def now_s(self) -> float:
        """By the clock of the event loop; from any thread."""
        return self._loop.time()

    def edge(self, down: bool, at_s: float) -> None:
        """From any thread."""
        if down:
            self._at_press()
            self.soon(self._button.press, at_s)
        else:
            self.soon(self._button.release, at_s)

    def held_at_start(self, at_s: float) -> None:
        """From any thread."""
        self.soon(self._button.held_at_start, at_s)

    def soon(self, call: Callable[..., None], *arguments: object) -> None:
        """Call it in the event loop. From any thread."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: the process is ending
            self._loop.call_soon_threadsafe(call, *arguments)
