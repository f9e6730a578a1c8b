"""The speaker of an open page, as the device's own. Nothing here knows a socket."""

from __future__ import annotations

from collections.abc import Callable

from device.audio.outlet_speaker import OutletSpeaker, loudness


class PageSpeaker(OutletSpeaker):
    """Implements `ports.Speaker`; `attach`, `detach` and `reached` are for whoever serves the page."""

    name = "page"
    latency_s = 0.15
    """An allowance for the way to the page, its output buffer, the air and its microphone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(clock)
        self._gain = 1.0

    def set_volume(self, percent: int) -> None:
        """Holds for what is written from now on."""
        self._gain = loudness(percent)

    def outlet_gain(self) -> float:
        return self._gain
