"""The sound card as an outlet: what the event loop gives it, a thread plays."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

from device.audio.card_player import CardPlayer
from device.audio.sound_library import SoundLibrary
from device.audio.sound_queue import InCard, SoundQueue
from device.audio.sound_stream import OutputStream
from device.audio.stream_keeper import StreamKeeper
from device.errors import AudioDeviceError

NAP_S = 0.01
"""While something sounds; a new sound or a silence ends it at once."""
CHECK_S = 0.25
"""While nothing sounds: whether the device is still there."""
ASIDE_S = 3.0
"""How long a sound is played on before it is interrupted for a look at the devices."""


class CardOutlet:
    """Implements `sound_in_outlet.Outlet`. `silence` may be called from any thread, and never waits."""

    def __init__(
        self,
        library: SoundLibrary,
        wanted_name: str,
        report: Callable[[int, int], None],
        found: Callable[[], None],
        trouble: Callable[[str], None],
    ) -> None:
        """All are called in the event loop: `report(sound_id, samples)` while sound passes, `found` when the
        device is open and `rate_hz` holds, and `trouble` as `StreamKeeper` says.
        """
        self.rate_hz = 48_000
        self.name = "sound card"
        self.gain = 1.0
        """From any thread; a change is faded in over one block."""
        self.dry = 0
        """How often the card ran dry in the middle of a sound."""
        self._loop = asyncio.get_running_loop()
        self._library = library
        self._found = found
        self._queue = SoundQueue()
        self._in_card = InCard()
        self._reports = _Reports(self._loop, report)
        self._wanted_name = wanted_name
        self._keeper = StreamKeeper("speaker", library, self._open, self._play, trouble)
        self._keeper.want(True)

    # --- the event loop ---

    def play(self, sound_id: int, turn_id: int) -> None:
        self._queue.begin(sound_id)

    def sound(self, sound_id: int, pcm: bytes) -> None:
        self._queue.put(sound_id, pcm)
        self._keeper.wake()

    def silence(self) -> None:
        self._queue.drop()
        self._keeper.wake()

    async def opened(self, within_s: float) -> bool:
        """Whether the device can be opened."""
        return await self._keeper.opened(within_s)

    async def close(self) -> None:
        """For good. Idempotent."""
        await self._keeper.close()

    # --- the thread ---

    def _open(self) -> OutputStream:
        stream = self._library.open_output(self._wanted_name)
        if stream.rate_hz != self.rate_hz:
            self._queue.drop()
        self.name, self.rate_hz = stream.name, stream.rate_hz
        return stream

    def _play(self, stream: OutputStream) -> None:
        self._in_loop(self._found)
        self._keeper.well()
        try:
            self._play_on(CardPlayer(stream, self._queue, self._in_card, self._reports.tell, time.monotonic))
        except AudioDeviceError:
            self._queue.drop()
            raise

    def _play_on(self, player: CardPlayer) -> None:
        while self._keeper.wanted and not self._steps_aside(player):
            player.gain = self.gain
            self._keeper.nap(NAP_S if player.go_on() else CHECK_S)
        self.dry += player.dry

    def _steps_aside(self, player: CardPlayer) -> bool:
        if not self._library.must_step_aside:
            return False
        return player.rests or time.monotonic() > player.sounds_since_s + ASIDE_S

    def _in_loop(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(call)


class _Reports:
    """From the thread to the event loop; while the loop is busy, only the latest is kept."""

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Callable[[int, int], None]) -> None:
        self._loop = loop
        self._report = report
        self._latest = (0, 0)
        self._under_way = False

    def tell(self, sound_id: int, samples: int) -> None:
        self._latest = (sound_id, samples)
        if not self._under_way:
            self._under_way = True
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._under_way = False
        self._report(*self._latest)
