"""A microphone that is a recording and a speaker that is a clock: the device without a sound card.

Newcomers run on them, `ask` and `replay` stand on them, and so do the tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import groupby

from device.audio.frames import FRAME_S
from device.audio.resample import at_rate
from device.contracts import FRAME_BYTES, RATE_HZ, Audio, Frame

AHEAD_S = 2.0
"""How much sound a speaker takes before whoever writes has to wait."""

LATEST_S = 1.0
"""How far the simulated microphone lets its reader fall behind."""

SOUND_RATE_HZ = 24_000
SILENCE = bytes(FRAME_BYTES)


class RecordingMicrophone:
    """Gives a recording and then silence for ever, like a microphone in a room that fell quiet."""

    name = "a recording"

    def __init__(self, audio: Audio, *, fast: bool) -> None:
        """`fast`: the recording comes as quickly as it is read; the silence after it in real time."""
        pcm = at_rate(audio, RATE_HZ).pcm
        self._pcm = pcm + bytes(-len(pcm) % FRAME_BYTES)
        self._fast = fast
        self._wanted = True
        self.finished = asyncio.Event()
        """The recording is over, and silence begins."""

    async def frames(self) -> AsyncIterator[Frame]:
        """See `ports.Microphone`."""
        ended_s = asyncio.get_running_loop().time()
        for at in range(0, len(self._pcm), FRAME_BYTES):
            begun_s = await self._capture(ended_s, self._fast)
            if self._wanted:
                yield Frame(self._pcm[at : at + FRAME_BYTES], begun_s)
            ended_s = begun_s if self._fast else begun_s + FRAME_S
        self.finished.set()
        while True:
            begun_s = await self._capture(ended_s, fast=False)
            if self._wanted:
                yield Frame(SILENCE, begun_s)
            ended_s = begun_s + FRAME_S

    def want(self, wanted: bool) -> None:
        """The recording goes by whether it is heard or not."""
        self._wanted = wanted

    async def _capture(self, begins_s: float, fast: bool) -> float:
        """Wait as long as the next frame takes; the time at which it began.

        Who reads too slowly gets the frames late, up to a second; what is beyond that is forgotten.
        """
        loop = asyncio.get_running_loop()
        if fast:
            await asyncio.sleep(0)
            return loop.time()
        begun_s = max(begins_s, loop.time() - LATEST_S)
        await asyncio.sleep(begun_s + FRAME_S - loop.time())
        return begun_s


class ClockedPlayback:
    """Sound that takes its time without being heard; see `ports.Playback`."""

    def __init__(self, *, fast: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._fast = fast
        self._written: list[Audio] = []
        self._written_s = 0.0
        self._ends_s = 0.0
        self._started_s: asyncio.Future[float] = self._loop.create_future()
        self._silenced = asyncio.Event()
        self._played_when_silenced_s = 0.0

    async def write(self, audio: Audio) -> None:
        await self._until(lambda: self._ends_s - AHEAD_S)
        if self._silenced.is_set():
            return
        now_s = self._loop.time()
        if not self._started_s.done():
            self._started_s.set_result(now_s)
        self._ends_s = max(now_s, self._ends_s) + (0 if self._fast else audio.duration_s)
        self._written_s += audio.duration_s
        self._written.append(audio)

    async def drain(self) -> None:
        await self._until(lambda: self._ends_s)

    async def started(self) -> float:
        return await asyncio.shield(self._started_s)

    @property
    def played_s(self) -> float:
        if self._silenced.is_set():
            return self._played_when_silenced_s
        return self._written_s - max(0.0, self._ends_s - self._loop.time())

    def silence(self) -> None:
        """Nothing more sounds, and nobody waits any longer. Idempotent."""
        if not self._silenced.is_set():
            self._played_when_silenced_s = self.played_s
            self._silenced.set()

    def sound(self) -> Audio:
        """What really sounded, at `SOUND_RATE_HZ`."""
        pcm = b"".join(at_rate(stretch, SOUND_RATE_HZ).pcm for stretch in self._stretches())
        return Audio(pcm[: 2 * round(self.played_s * SOUND_RATE_HZ)], SOUND_RATE_HZ)

    def _stretches(self) -> Iterator[Audio]:
        """What was written, with the pieces of one rate joined: resampled apart, their seams click."""
        for rate_hz, pieces in groupby(self._written, key=lambda audio: audio.rate_hz):
            yield Audio(b"".join(piece.pcm for piece in pieces), rate_hz)

    async def _until(self, moment_s: Callable[[], float]) -> None:
        """Sleep until then, or until silenced."""
        while not self._silenced.is_set() and (left_s := moment_s() - self._loop.time()) > 0:
            try:
                async with asyncio.timeout(left_s):
                    await self._silenced.wait()
            except TimeoutError:
                continue


class SimulatedSpeaker:
    """Consumes sound as a real one would and keeps the last turn's; see `ports.Speaker`."""

    name = "simulated"
    latency_s = 0.0

    def __init__(self, *, fast: bool = False) -> None:
        """`fast`: sound takes no time."""
        self._fast = fast
        self._playback: ClockedPlayback | None = None
        self.volume = 100

    def begin(self, turn_id: int) -> ClockedPlayback:
        self.silence()
        self._playback = ClockedPlayback(fast=self._fast)
        return self._playback

    def silence(self) -> None:
        if self._playback is not None:
            self._playback.silence()

    def set_volume(self, percent: int) -> None:
        self.volume = percent

    def sound(self) -> Audio:
        """What the last turn said."""
        return self._playback.sound() if self._playback else Audio(b"", SOUND_RATE_HZ)
