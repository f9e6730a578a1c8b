"""The speaker of the sound card, as the device's own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from device.audio.card_outlet import CardOutlet
from device.audio.outlet_speaker import OutletSpeaker, loudness
from device.audio.sound_library import SoundLibrary


class CardSpeaker(OutletSpeaker):
    """Implements `ports.Speaker`. Made in the event loop; the device is opened at once.

    While there is no device, a clock plays, and the turn under way goes on on the device when it is back.
    """

    stalled_s = 3.0
    """The card tells by itself when it is lost; a machine that is merely busy keeps it waiting."""
    latency_s = 0.1
    """The stop drops the card's buffer: heard by the microphone, sound ended 0 to 20 ms after `silence`, as
    the frames are dated. The rest is for cards that drop it late, and for the echo of a room."""

    def __init__(
        self,
        library: SoundLibrary,
        wanted_name: str,
        clock: Callable[[], float],
        trouble: Callable[[str], None],
    ) -> None:
        """`trouble`: see `StreamKeeper`."""
        super().__init__(clock)
        self._trouble = trouble
        self._loop = asyncio.get_running_loop()
        self._loops_thread = threading.get_ident()
        self._card = CardOutlet(
            library,
            wanted_name,
            self.reached,
            lambda: self.come_back(self._card),
            self._told,
        )

    @property
    def name(self) -> str:
        return self._card.name

    @property
    def ran_dry(self) -> int:
        """How often the card had nothing to play in the middle of a sound."""
        return self._card.dry

    def silence(self) -> None:
        """From any thread, also while the loop hangs: the card is silent at once, the rest follows."""
        self._card.silence()
        if threading.get_ident() == self._loops_thread:
            super().silence()
        elif (playback := self._playback) is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(playback.silence)

    def set_volume(self, percent: int) -> None:
        """Holds at once, also for what has been written."""
        self._card.gain = loudness(percent)

    async def opened(self, within_s: float) -> bool:
        """Whether the device can be opened."""
        return await self._card.opened(within_s)

    async def close(self) -> None:
        """For good. Idempotent."""
        await self._card.close()

    def _told(self, sentence: str) -> None:
        if sentence:
            self.detach(self._card)
        else:
            self.come_back(self._card)
        self._trouble(sentence)
