"""`twominds doctor --acoustic`: what the speaker plays, and how it comes back through the microphone.

A second of a rising tone shows delay, echo and clipping; a spoken sentence shows what echo cancellation
leaves of the device's own voice.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from device.audio.acoustics import SWEEP_S, Acoustics, analyse, sweep
from device.audio.level import measure
from device.contracts import RATE_HZ, Audio
from device.ports import Microphone, Speaker, TextToSpeech

SENTENCE = (
    "I am listening to myself now. While I speak, I find out how much of my own voice comes back to me, "
    "so that I never take it for yours. One, two, three, four, five, six, seven. That was all, thank you."
)
ROOM_S = 1.0
"""How long the room is listened to before anything sounds."""
LATE_S = 1.2
"""How late an echo may come, all buffers included."""
LEARNING_S = 3.0
"""What an echo canceller may take to learn the room, from the beginning of speech."""


class Recorder:
    """Keeps what a microphone gives, with the time of its first sample. Event loop only."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._first_s: float | None = None

    async def run(self, microphone: Microphone) -> None:
        async for frame in microphone.frames():
            if self._first_s is None:
                self._first_s = frame.captured_s
            self._pcm += frame.pcm

    def between(self, since_s: float, until_s: float) -> bytes:
        """What was captured from `since_s` to `until_s`, monotonic, as 16 kHz mono int16."""
        if self._first_s is None:
            return b""
        first, last = (max(0, 2 * round((at - self._first_s) * RATE_HZ)) for at in (since_s, until_s))
        return bytes(self._pcm[first:last])


@contextlib.asynccontextmanager
async def recording(microphone: Microphone) -> AsyncIterator[Recorder]:
    recorder = Recorder()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(recorder.run(microphone), name="recorder")
        microphone.want(True)
        yield recorder
        task.cancel()


async def sweep_the_room(microphone: Microphone, speaker: Speaker, clock: Callable[[], float]) -> Acoustics:
    """Play the sweep and listen; `delay_s` counts from when its first sample is said to sound."""
    async with recording(microphone) as recorder:
        began_s = clock()
        await asyncio.sleep(ROOM_S)
        playback = speaker.begin(0)
        await playback.write(sweep())
        sounded_s = await playback.started()
        await playback.drain()
        await asyncio.sleep(LATE_S)
        before = recorder.between(began_s + ROOM_S / 2, sounded_s)
        return analyse(before, recorder.between(sounded_s, sounded_s + SWEEP_S + LATE_S))


async def own_voice_dbfs(
    microphone: Microphone, speaker: Speaker, speech: Audio, clock: Callable[[], float]
) -> float:
    """How loud the device's own voice is in its microphone, once a canceller has had its time to learn."""
    async with recording(microphone) as recorder:
        playback = speaker.begin(0)
        await playback.write(speech)
        sounded_s = await playback.started()
        await playback.drain()
        return measure(recorder.between(sounded_s + LEARNING_S, clock())).rms_dbfs


async def spoken(tts: TextToSpeech) -> Audio:
    """The sentence, in the device's own voice. Raises TtsError."""
    pieces = [audio async for audio in tts.synthesise(SENTENCE)]
    return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz)
