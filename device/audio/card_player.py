"""From the queue into an open stream of the sound card, and what of it has sounded. Never waits.

Sound fills the card's buffer; stillness only a little of it, so that what comes next is soon heard. A silence
stops the stream, which drops the buffer at once. Nothing here knows a thread or an event loop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from device.audio.sound_queue import InCard, SoundQueue
from device.audio.sound_stream import OutputStream

PAD_S = 0.03
"""Stillness that is kept after the end of a sound, so that its last samples come out of every card."""
HELD_BACK_S = 0.06
"""A card that takes nothing for so long waits for more than it has: it takes large blocks only."""
LONGEST_PAD_S = 1.0
LINGER_S = 0.25
"""How long stillness is played after a sound, in case more follows; then the card rests."""


class CardPlayer:
    """One stream's use. Every call raises AudioDeviceError when the device is gone."""

    def __init__(
        self,
        stream: OutputStream,
        queue: SoundQueue,
        in_card: InCard,
        tell: Callable[[int, int], None],
        clock: Callable[[], float],
    ) -> None:
        """`tell(sound_id, samples)`: so many samples of that sound have sounded; 0: it has begun."""
        self.gain = 1.0
        """A change is faded in over one block."""
        self.rests = True
        """Nothing sounds, and the stream is stopped."""
        self.sounds_since_s = 0.0
        self.dry = 0
        """How often the card had nothing to play in the middle of a sound."""
        self._stream = stream
        self._queue = queue
        self._drops = queue.drops
        self._in_card = in_card
        in_card.lose()
        self._tell = tell
        self._clock = clock
        self._sound_id = 0
        self._last_gain = 1.0
        self._last_s = 0.0
        """When sound was last on its way."""
        self._pad_s = PAD_S
        self._waiting = 0
        self._took_s = 0.0
        """When the card last took something."""

    def go_on(self) -> bool:
        """Give the card what it has room for; whether anything sounds."""
        if self._drops != (drops := self._queue.drops):
            self._drops = drops
            self._stop()
            self._in_card.clear()
        if self.rests and self._queue.empty:
            self._stream.check()
            return False
        waiting = self._count()
        self._give_sound()
        if self._queue.empty:
            self._end_in_stillness(waiting)
        return not self.rests

    def _count(self) -> int:
        """Samples that wait in the card; what has sounded is told."""
        waiting = self._stream.waiting_samples
        self.dry += waiting == 0 and self._in_card.holds_sound and not self._queue.empty
        before = self._in_card.sounded_samples
        self._in_card.left(waiting)
        if self._in_card.sounded_samples > before:
            self._tell(self._sound_id, self._in_card.sounded_samples)
        return waiting

    def _give_sound(self) -> None:
        while block := self._queue.take(self._stream.room_samples, self._drops):
            if self.rests:
                self.rests = False
                self.sounds_since_s = self._clock()
                self._last_gain = self.gain
            self._last_s = self._took_s = self._clock()
            self._stream.write(self._scaled(block.pcm))
            self._in_card.write(len(block.pcm) // 2, sound=True)
            if block.sound_id != self._sound_id:
                self._sound_id = block.sound_id
                self._tell(self._sound_id, 0)

    def _end_in_stillness(self, waiting: int) -> None:
        now_s = self._clock()
        if self._in_card.holds_sound:
            self._last_s = now_s
            self._pad_more(waiting, now_s)
        if now_s > self._last_s + LINGER_S:
            self._stop()
            return
        missing = min(int(self._pad_s * self._stream.rate_hz) - waiting, self._stream.room_samples)
        if missing > 0:
            self._stream.write(bytes(2 * missing))
            self._in_card.write(missing, sound=False)

    def _pad_more(self, waiting: int, now_s: float) -> None:
        """The last of a sound would stay for ever in a card whose blocks are longer than the stillness."""
        if waiting < self._waiting:
            self._took_s = now_s
        elif now_s > self._took_s + HELD_BACK_S:
            self._took_s = now_s
            self._pad_s = min(2 * self._pad_s, LONGEST_PAD_S)
        self._waiting = waiting

    def _stop(self) -> None:
        if not self.rests:
            self._stream.stop()
            self.rests = True

    def _scaled(self, pcm: bytes) -> bytes:
        if self.gain == self._last_gain == 1.0:
            return pcm
        samples = np.frombuffer(pcm, np.int16)
        fade = np.linspace(self._last_gain, self.gain, len(samples))
        self._last_gain = self.gain
        return (samples * fade).round().astype(np.int16).tobytes()
