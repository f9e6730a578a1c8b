"""`twominds doctor --acoustic`: what the speaker plays, and how it comes back through the microphone.

A second of a rising tone shows delay, echo and clipping; a spoken sentence shows what echo cancellation
leaves of the device's own voice. All is played as loud as the settings allow the device to become.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

from msgspec.structs import replace

from device.acoustic_report import Report
from device.audio.acoustics import SWEEP_S, Acoustics, analyse, likeness, loudest_dbfs, sweep
from device.audio.frames import FRAME_S
from device.audio.level import measure
from device.audio.open_sound import PAGE, OpenSound, Part, open_sound
from device.audio.resample import at_rate
from device.config import Sound
from device.contracts import RATE_HZ, Audio
from device.echo_proof import EchoProof, OwnVoice
from device.errors import AudioDeviceError
from device.ports import Microphone, Speaker, TextToSpeech

SENTENCE = (
    "I am listening to myself now. How much of my own voice comes back to me? "
    "One, two, three, four, five. That was all, thank you."
)
ROOM_S = 1.0
"""How long the room is listened to before anything sounds."""
LATE_S = 1.2
"""How late an echo may come, all buffers included."""
LEARNING_S = 3.0
"""What an echo canceller may take to learn the room, from the beginning of speech."""
LACKS_S = 0.25
"""A recording that lacks more than this is none."""
OVERDUE_S = 10.0
"""Added to what a measurement takes; then the sound server stands still."""


async def examine(
    settings: Sound, voice: Callable[[], TextToSpeech], clock: Callable[[], float] = time.monotonic
) -> Report:
    """Some 5 s, and 30 s with echo cancellation, where `voice` is asked for. `clock` is monotonic.

    Raises AudioDeviceError when nothing can be measured, EngineMissing, TtsError.
    """
    if settings.echo_cancellation == "off":
        async with _opened(settings, clock) as (microphone, speaker, sound):
            return Report(*sound.names, await sweep_the_room(microphone, speaker, clock))
    speech = await spoken(voice())
    async with _opened(settings, clock) as (microphone, speaker, sound):
        masters, why_not = sound.masters, sound.echo_free.why_not if sound.echo_free else ""
        cancelled = await own_voice(microphone, speaker, speech, clock) if masters else None
        if sound.masters != masters:
            raise AudioDeviceError("The sound server lost its echo cancellation meanwhile: try again.")
    async with _opened(_uncancelled(settings, masters), clock) as (microphone, speaker, sound):
        room = await sweep_the_room(microphone, speaker, clock)
        if masters is None or cancelled is None:
            return Report(*sound.names, room, not_cancelled=why_not)
        if sound.names != masters:
            raise AudioDeviceError("Other devices were opened than those whose echo is cancelled: try again.")
        without = await own_voice(microphone, speaker, speech, clock)
        measured_utc = datetime.now(UTC).isoformat(timespec="seconds")
        proof = EchoProof(*masters, settings.loudest, without, cancelled, measured_utc)
        return Report(*masters, room, proof)


def announcement(settings: Sound) -> str:
    """What is going to happen, for whoever is in the room."""
    if settings.echo_cancellation == "off":
        return "The speaker plays a rising tone. Please be quiet for about five seconds."
    return (
        "The speaker says a sentence, plays a rising tone, and says the sentence again. "
        "Please be quiet for about half a minute."
    )


def _uncancelled(settings: Sound, masters: tuple[str, str] | None) -> Sound:
    """The same devices as they are."""
    settings = replace(settings, echo_cancellation="off")
    return replace(settings, microphone=masters[0], speaker=masters[1]) if masters else settings


async def sweep_the_room(microphone: Microphone, speaker: Speaker, clock: Callable[[], float]) -> Acoustics:
    """Play the sweep and listen; `delay_s` counts from when its first sample is said to sound.

    Raises AudioDeviceError.
    """
    async with recording(microphone, ROOM_S + SWEEP_S + LATE_S) as recorder:
        before, sounded_s = await _play(speaker, sweep(), recorder, clock)
        await asyncio.sleep(LATE_S)
        return analyse(before, recorder.between(sounded_s, sounded_s + SWEEP_S + LATE_S))


async def own_voice(
    microphone: Microphone, speaker: Speaker, speech: Audio, clock: Callable[[], float]
) -> OwnVoice:
    """The device's own voice in its microphone, once a canceller has had its time to learn.

    Raises AudioDeviceError.
    """
    played = at_rate(speech, RATE_HZ).pcm[2 * int(LEARNING_S * RATE_HZ) :]
    async with recording(microphone, ROOM_S + speech.duration_s + LATE_S) as recorder:
        before, sounded_s = await _play(speaker, speech, recorder, clock)
        await asyncio.sleep(LATE_S)
        heard = recorder.between(sounded_s + LEARNING_S, sounded_s + speech.duration_s + LATE_S)
        return OwnVoice(loudest_dbfs(heard), measure(before).rms_dbfs, likeness(played, heard))


async def spoken(tts: TextToSpeech) -> Audio:
    """The sentence. Raises TtsError."""
    pieces = [audio async for audio in tts.synthesise(SENTENCE)]
    return Audio(b"".join(piece.pcm for piece in pieces), pieces[0].rate_hz)


class Recorder:
    """Keeps what a microphone gives, with the time of its first sample. Event loop only."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._first_s: float | None = None
        self._last_s = 0.0

    async def run(self, microphone: Microphone) -> None:
        async for frame in microphone.frames():
            if self._first_s is None:
                self._first_s = frame.captured_s
            self._pcm += frame.pcm
            self._last_s = frame.captured_s + FRAME_S

    def between(self, since_s: float, until_s: float) -> bytes:
        """What was captured from `since_s` to `until_s`, monotonic, as 16 kHz mono int16.

        Raises AudioDeviceError when the microphone was not there all the time.
        """
        first_s = self._first_s
        recorded_s = len(self._pcm) / 2 / RATE_HZ
        if first_s is None or first_s > since_s + LACKS_S or self._last_s < until_s - LACKS_S:
            raise AudioDeviceError("The microphone gave no sound: restart it, or the sound server.")
        if self._last_s - first_s - recorded_s > LACKS_S:
            raise AudioDeviceError("The microphone's sound had gaps, so nothing can be measured: try again.")
        first, last = (max(0, 2 * round((at_s - first_s) * RATE_HZ)) for at_s in (since_s, until_s))
        return bytes(self._pcm[first:last])


@contextlib.asynccontextmanager
async def recording(microphone: Microphone, takes_s: float) -> AsyncIterator[Recorder]:
    """Raises AudioDeviceError when what is done meanwhile takes much longer than `takes_s`."""
    recorder = Recorder()
    try:
        async with asyncio.timeout(takes_s + OVERDUE_S), asyncio.TaskGroup() as group:
            task = group.create_task(recorder.run(microphone), name="recorder")
            microphone.want(True)
            yield recorder
            task.cancel()
    except TimeoutError as error:
        raise AudioDeviceError("The sound does not end: restart the sound server.") from error


async def _play(
    speaker: Speaker, sound: Audio, recorder: Recorder, clock: Callable[[], float]
) -> tuple[bytes, float]:
    """The room before it, and when it began to sound. Returns when it has sounded."""
    began_s = clock()
    await asyncio.sleep(ROOM_S)
    playback = speaker.begin(0)
    await playback.write(sound)
    sounded_s = await playback.started()
    before = recorder.between(began_s + ROOM_S / 2, began_s + ROOM_S)
    await playback.drain()
    return before, sounded_s


@contextlib.asynccontextmanager
async def _opened(
    settings: Sound, clock: Callable[[], float]
) -> AsyncIterator[tuple[Microphone, Speaker, OpenSound]]:
    """Raises AudioDeviceError when one of them is not there, or was lost meanwhile."""
    troubles: list[str] = []

    def trouble(part: Part, sentence: str) -> None:
        if sentence:
            troubles.append(sentence)

    if PAGE in (settings.microphone, settings.speaker):
        raise AudioDeviceError(
            "The settings name the page's microphone or speaker: only the sound card's can be measured here."
        )
    async with open_sound(settings, clock, trouble) as sound:
        if sound.microphone is None or sound.speaker is None:
            part = "speaker" if sound.microphone else "microphone"
            raise AudioDeviceError(f"There is no {part} on this machine that can be opened: plug one in.")
        sound.speaker.set_volume(settings.loudest)
        _tell(troubles)
        try:
            yield sound.microphone, sound.speaker, sound
        except* AudioDeviceError:
            _tell(troubles)
            raise
        _tell(troubles)


def _tell(troubles: list[str]) -> None:
    """They say more than that nothing was heard. Raises AudioDeviceError."""
    if troubles:
        raise AudioDeviceError(troubles[0])
