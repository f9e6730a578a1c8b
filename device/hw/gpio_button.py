"""A button on a GPIO pin, by gpiozero.

gpiozero's own Button is not used: it starts a thread for holding, and its bounce time makes the first
edge wait until the contact is at rest (lgpio). Here the first edge counts at once, and its bounces never.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

from device.config import Button
from device.hw.debounce import Debounce
from device.hw.edge_relay import EdgeRelay
from device.hw.pins import pin_errors

if TYPE_CHECKING:
    from gpiozero.pins import Factory


class GpioButton:
    """A pin from when this is made until `close`. Its edges come in the pin library's thread."""

    def __init__(self, settings: Button, relay: EdgeRelay, factory: Factory | None = None) -> None:
        """From the event loop. `factory` None: gpiozero's default. Raises HardwareError."""
        self._relay = relay
        self._to_ground = settings.wiring == "to_ground"
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._lock = threading.Lock()
        with pin_errors(f"The button on {settings.pin}"):
            from gpiozero import InputDevice

            self._contact = InputDevice(settings.pin, pull_up=self._to_ground, pin_factory=factory)
            down = bool(self._contact.is_active)
            self._debounce = Debounce(down, settings.debounce_ms / 1000)
            if down:  # told before any edge can be, or a button that has just come up would be taken for held
                relay.held_at_start(relay.now_s())
            self._contact.pin.edges = "both"
            self._contact.pin.when_changed = self._changed
        self._settle()

    def close(self) -> None:
        """Idempotent."""
        if self._timer:
            self._timer.cancel()
        if not self._contact.closed:
            self._contact.pin.when_changed = None  # lgpio's pins go on telling after their close
            self._contact.close()

    def _changed(self, ticks: float, high: int) -> None:
        """In the pin library's thread. Its ticks are of a clock of its own."""
        with self._lock:
            edges = self._debounce.edge(bool(high) != self._to_ground, self._relay.now_s())
            self._tell(edges)
        if edges:
            self._relay.soon(self._settle_later)

    def _settle_later(self) -> None:
        if self._timer:
            self._timer.cancel()
        if not self._contact.closed:
            self._timer = self._loop.call_at(self._debounce.until_s, self._settle)

    def _settle(self) -> None:
        """The contact has come to rest. An edge that the kernel lost among bounces is found here, too."""
        with self._lock:
            edges = self._debounce.rest(bool(self._contact.is_active), self._relay.now_s())
            self._tell(edges)
        if edges:
            self._settle_later()

    def _tell(self, edges: tuple[tuple[bool, float], ...]) -> None:
        """Under the lock, so that edges keep their order between two threads."""
        for down, at_s in edges:
            self._relay.edge(down, at_s)
