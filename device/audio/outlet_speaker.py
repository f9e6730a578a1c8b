"""A speaker that is an outlet: the page, or the sound card. Nothing here knows a socket or a device.

The outlet is given sound a little ahead of what is sounding, and says how far it has got. When there is
none, or it goes away or stands still in mid-reply, a clock plays on instead, so that every turn ends.
All in one event loop; timers, but no task.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Iterator

from device.audio.clocked_outlet import ClockedOutlet
from device.audio.sound_in_outlet import Outlet, SoundInOutlet
from device.contracts import Audio

AHEAD_S = 0.4
"""Sound that the outlet may hold: enough for a busy browser, little enough to be dropped."""
BUFFER_S = 2.0
"""Sound that has not sounded yet, here and in the outlet; whoever writes more waits."""
SLICE_S = 0.04
DRY_S = 0.05
"""When nothing more was written for so long, the resampler gives out the last that it holds."""
STALLED_S = 0.7
"""An outlet that has sound and has not played any for so long, or up to twice as long when it stopped in
the middle, is no longer waited for; unless it tells by itself that it is lost."""


class OutletSpeaker:
    """Implements `ports.Speaker` but for its name, its latency and its volume; `outlet_gain` is for those
    whose outlet does not scale the sound itself.

    `attach`, `detach`, `come_back` and `reached` are for whoever brings the outlet.
    """

    stalled_s = STALLED_S

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._clocked = ClockedOutlet(self.reached)
        self._outlet: Outlet = self._clocked
        self._playback: OutletPlayback | None = None
        self._sound_ids = itertools.count(1)

    def begin(self, turn_id: int) -> OutletPlayback:
        if self._playback is not None:
            self._playback.end()
        self._playback = OutletPlayback(turn_id, self._new_sound, self._clock, self.stalled_s)
        return self._playback

    def silence(self) -> None:
        if self._playback is not None:
            self._playback.silence()

    def outlet_gain(self) -> float:
        """What sound is scaled by on its way to the outlet."""
        return 1.0

    # --- the outlet's side ---

    def come_back(self, outlet: Outlet) -> None:
        """An outlet that was lost is there again: the turn under way goes on there."""
        self.attach(outlet)
        if self._playback is not None:
            self._playback.come_back()

    def attach(self, outlet: Outlet) -> None:
        """From the next sound on, play there."""
        self._outlet = outlet

    def detach(self, outlet: Outlet) -> None:
        """That outlet is gone, or no longer meant; what it has not played, the clock plays."""
        if self._outlet is outlet:
            self._outlet = self._clocked
        if self._playback is not None:
            self._playback.leave(outlet)

    def reached(self, sound_id: int, samples: int) -> None:
        """That much of a sound has sounded; reports of sounds that are over change nothing."""
        if self._playback is not None:
            self._playback.reached(sound_id, samples)

    def _new_sound(self, turn_id: int, on_the_clock: bool) -> SoundInOutlet:
        outlet = self._clocked if on_the_clock else self._outlet
        return SoundInOutlet(next(self._sound_ids), turn_id, outlet, self.outlet_gain)


def loudness(percent: int) -> float:
    """The gain for a volume: its square, or the upper half of the scale would all sound the same."""
    return (percent / 100) ** 2


class OutletPlayback:
    """One turn's sound. Implements `ports.Playback`; made by `OutletSpeaker.begin`.

    What is given to an outlet is one sound, with a number, from its first sample until it is silenced
    or has to move to another outlet; a playback is one sound after the other.
    """

    def __init__(
        self,
        turn_id: int,
        new_sound: Callable[[int, bool], SoundInOutlet],
        clock: Callable[[], float],
        stalled_s: float,
    ) -> None:
        self._stalled_s = stalled_s
        self._turn_id = turn_id
        self._new_sound = new_sound
        self._clock = clock
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Audio] = deque()
        self._waiting_s = 0.0
        self._sound: SoundInOutlet | None = None
        self._sounded_s = 0.0
        """Of the sounds before this one."""
        self._started_s: float | None = None
        self._ended = False
        self._on_the_clock = False
        self._changed = asyncio.Event()
        self._progress_s = 0.0
        self._stall_timer: asyncio.TimerHandle | None = None
        self._dry_timer: asyncio.TimerHandle | None = None

    # --- ports.Playback ---

    async def write(self, audio: Audio) -> None:
        """Waits while `BUFFER_S` has not sounded yet. Cancel-safe: a part may have been written."""
        for piece in _slices(audio):
            if self._unsounded_s > BUFFER_S:
                self._send()
            while self._unsounded_s > BUFFER_S:
                await self._change()
            if self._ended:
                return
            self._waiting.append(piece)
            self._waiting_s += piece.duration_s
        self._send()

    async def drain(self) -> None:
        while self._waiting or self._sounding:
            if not self._waiting:
                self._flush()
            await self._change()

    @property
    def played_s(self) -> float:
        return self._sounded_s + (self._sound.sounded_s if self._sound else 0.0)

    async def started(self) -> float:
        while self._started_s is None:
            await self._change()
        return self._started_s

    # --- the speaker's side ---

    def silence(self) -> None:
        """What is written from now on sounds again."""
        self._waiting.clear()
        self._waiting_s = 0.0
        if self._sound is not None:
            self._finish_sound(self._sound)
        self._tell_change()

    def end(self) -> None:
        """Another playback begins: what is still written to this one is nowhere to be heard."""
        self.silence()
        self._ended = True

    def leave(self, outlet: Outlet) -> None:
        """The clock takes over what this outlet has not played, and the rest of the turn."""
        if self._sound is not None and self._sound.outlet is outlet:
            self._on_the_clock = True
            self._move(self._sound)

    def come_back(self) -> None:
        """What the clock has not been given yet goes to the speaker's outlet again."""
        if self._on_the_clock:
            self._on_the_clock = False
            if self._sound is not None:
                self._move(self._sound)

    def reached(self, sound_id: int, samples: int) -> None:
        sound = self._sound
        if sound is None or sound.sound_id != sound_id:
            return
        if self._started_s is None:
            self._started_s = self._clock()
        if sound.reached(samples):
            self._progress_s = self._loop.time()
        self._send()
        self._tell_change()

    # --- inside ---

    @property
    def _sounding(self) -> bool:
        return self._sound is not None and not self._sound.over

    @property
    def _unsounded_s(self) -> float:
        return self._waiting_s + (self._sound.unsounded_s if self._sound else 0.0)

    def _send(self) -> None:
        """Give the outlet what it may hold."""
        while self._waiting and (self._sound is None or self._sound.unsounded_s < AHEAD_S):
            piece = self._waiting.popleft()
            self._waiting_s -= piece.duration_s
            self._send_piece(piece)
        self._watch_progress()

    def _send_piece(self, piece: Audio) -> None:
        if self._sound is None:
            self._sound = self._new_sound(self._turn_id, self._on_the_clock)
        if self._sound.over:
            self._progress_s = self._loop.time()
        self._sound.send(piece)
        if self._dry_timer is not None:
            self._dry_timer.cancel()
        self._dry_timer = self._loop.call_later(DRY_S, self._flush_if_dry)

    def _flush_if_dry(self) -> None:
        if not self._waiting:
            self._flush()

    def _flush(self) -> None:
        if self._sound is not None:
            self._sound.flush()
            self._watch_progress()

    def _finish_sound(self, sound: SoundInOutlet) -> None:
        self._sounded_s += sound.sounded_s
        self._sound = None
        sound.outlet.silence()

    def _move(self, sound: SoundInOutlet) -> None:
        """What has not sounded passes as stillness in the next outlet."""
        self._flush()
        left = sound.unsounded()
        self._finish_sound(sound)
        self._waiting.appendleft(left)
        self._waiting_s += left.duration_s
        self._send()

    def _watch_progress(self) -> None:
        if self._stall_timer is None and self._sounding:
            self._stall_timer = self._loop.call_later(self._stalled_s, self._check_progress, self._progress_s)

    def _check_progress(self, progress_s: float) -> None:
        """`stalled_s` after a look at the progress: is it still the same?"""
        self._stall_timer = None
        if self._sound is not None and not self._sound.over and self._progress_s == progress_s:
            self.leave(self._sound.outlet)
        self._watch_progress()

    async def _change(self) -> None:
        await self._changed.wait()

    def _tell_change(self) -> None:
        """Wakes everybody who waits now; whoever waits from now on waits for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()


def _slices(audio: Audio) -> Iterator[Audio]:
    size = 2 * int(audio.rate_hz * SLICE_S)
    for start in range(0, len(audio.pcm), size):
        yield Audio(audio.pcm[start : start + size], audio.rate_hz)
