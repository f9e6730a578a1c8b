"""A key of an input device as a button: a keyboard's, a USB button's, a presenter's."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from pathlib import Path

from device.config import Button
from device.hw import input_devices
from device.hw.edge_relay import EdgeRelay
from device.hw.input_devices import EV_KEY, EV_SYN, EVENT, SYN_DROPPED, Event
from device.hw.key_codes import key_code

log = logging.getLogger(__name__)

AGAIN_S = 1.0
"""How often a device that is not there is looked for."""
PART = "input device"


class KeyButton:
    """A key from when this is made until `close`. The device may come and go; while away, that is a fault.

    A thread reads it, so that a press stops what sounds and moves while the event loop hangs.
    """

    def __init__(
        self,
        settings: Button,
        relay: EdgeRelay,
        fault: Callable[[str, str], None],
        *,
        sys: Path = input_devices.SYS,
        dev: Path = input_devices.DEV,
        is_down: Callable[[int, int], bool] = input_devices.is_down,
    ) -> None:
        """`fault` is called in the event loop. Raises SettingsError for a key that is not known."""
        self._name = settings.keyboard
        self._key = settings.key
        self._code = key_code(settings.key)
        self._relay = relay
        self._fault = fault
        self._folders = sys, dev
        self._is_down = is_down
        self._down = False
        self._fresh = True
        self._why = ""
        self._closed = False
        self._wakes, self._wake = os.pipe()
        self._thread = threading.Thread(target=self._follow, name="key-button", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Returns when the thread has ended. Idempotent."""
        if not self._closed:
            self._closed = True
            os.write(self._wake, b"x")
            self._thread.join()
            os.close(self._wakes)
            os.close(self._wake)

    # --- in the thread ---

    def _follow(self) -> None:
        closed = False
        while not closed:
            path = input_devices.find(self._name, self._code, *self._folders)
            if path is None:
                self._fresh = False
                self._tell(
                    f'There is no input device with "{self._name}" in its name and a key {self._key}: '
                    "plug it in, or correct button.keyboard. It is looked for all the time."
                )
            else:
                closed = self._read(path)
            closed = closed or self._closed_within(AGAIN_S)

    def _read(self, path: Path) -> bool:
        """Until the device goes away, or (True) this is closed."""
        try:
            device = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._tell(
                f"The input device {path} cannot be opened: {error.strerror}. Whoever runs twominds must be "
                "in the group input."
            )
            return False
        try:
            self._tell("")
            self._look_at_start(device)
            return self._read_edges(device)
        finally:
            os.close(device)
            self._edge(False)

    def _read_edges(self, device: int) -> bool:
        while True:
            ready, _, _ = select.select([device, self._wakes], [], [])
            if self._wakes in ready:
                return True
            try:
                block = os.read(device, 64 * EVENT.size)
            except OSError as error:
                log.info("the input device went away: %s", error.strerror)
                return False
            if not block:
                return False
            for event in input_devices.events(block):
                self._take(event, device)

    def _take(self, event: Event, device: int) -> None:
        if event.kind == EV_KEY and event.code == self._code and event.value in (0, 1):
            self._edge(event.value == 1)
        elif event.kind == EV_SYN and event.code == SYN_DROPPED:
            self._edge(self._down_now(device))

    def _look_at_start(self, device: int) -> None:
        """Held since power-on counts only then, not when the device is plugged in later."""
        if self._fresh and self._down_now(device):
            self._down = True
            self._relay.held_at_start(self._relay.now_s())
        self._fresh = False

    def _down_now(self, device: int) -> bool:
        try:
            return self._is_down(device, self._code)
        except OSError:
            return False

    def _edge(self, down: bool) -> None:
        if down != self._down:
            self._down = down
            self._relay.edge(down, self._relay.now_s())

    def _tell(self, why: str) -> None:
        if why != self._why:
            self._why = why
            self._relay.soon(self._fault, PART, why)

    def _closed_within(self, wait_s: float) -> bool:
        return bool(select.select([self._wakes], [], [], wait_s)[0])
