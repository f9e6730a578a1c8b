"""A room made of numbers: what the speaker plays comes back late and quieter, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from device import doctor_acoustic
from device.audio.acoustics import Acoustics
from device.config import Sound
from device.contracts import FRAME_SAMPLES, RATE_HZ, Audio, Frame
from device.echo_proof import OwnVoice
from device.errors import AudioDeviceError, parts
from device.ports import TextToSpeech
from tests.device.audio.test_acoustics import speech
from tests.virtual_time import run

NOISE_RMS = 10.0
BUFFER_S = 0.05


class Room:
    """Implements `ports.Microphone` and `ports.Speaker`, and is its own playback. Event loop only."""

    name = "room"
    latency_s = 0.0
    played_s = 0.0

    def __init__(self, gain: float = 1.0, delay_s: float = 0.2) -> None:
        self.gain, self.delay_s = gain, delay_s
        self.gives: Callable[[float], bool] = lambda at_s: True
        self.hangs = False
        self._played: np.ndarray = np.zeros(0)
        self._begun_s = 0.0
        self._rng = np.random.default_rng(3)

    def want(self, wanted: bool) -> None: ...

    def silence(self) -> None: ...

    def set_volume(self, percent: int) -> None: ...

    def begin(self, turn_id: int) -> Room:
        return self

    async def write(self, audio: Audio) -> None:
        assert audio.rate_hz == RATE_HZ
        self._played = np.frombuffer(audio.pcm, np.int16) * self.gain
        self._begun_s = self._now_s() + BUFFER_S

    async def started(self) -> float:
        await asyncio.sleep(BUFFER_S)
        return self._begun_s

    async def drain(self) -> None:
        await asyncio.sleep(len(self._played) / RATE_HZ + (1e6 if self.hangs else 0))

    async def frames(self) -> AsyncIterator[Frame]:
        began_s = self._now_s()
        for index in range(100_000):
            captured_s = began_s + index * FRAME_SAMPLES / RATE_HZ
            await asyncio.sleep(captured_s + FRAME_SAMPLES / RATE_HZ - self._now_s())
            if self.gives(captured_s - began_s):
                yield Frame(self._heard(captured_s), captured_s)

    def _heard(self, at_s: float) -> bytes:
        first = round((at_s - self._begun_s - self.delay_s) * RATE_HZ)
        samples = self._rng.normal(0, NOISE_RMS, FRAME_SAMPLES)
        for index in range(FRAME_SAMPLES):
            if 0 <= first + index < len(self._played):
                samples[index] += self._played[first + index]
        return bytes(samples.round().clip(-32_768, 32_767).astype(np.int16).tobytes())

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()


def swept(room: Room) -> Acoustics:
    async def story() -> Acoustics:
        return await doctor_acoustic.sweep_the_room(room, room, asyncio.get_running_loop().time)

    return run(story())


def voiced(room: Room) -> OwnVoice:
    sound = Audio(speech(1).round().astype(np.int16).tobytes(), RATE_HZ)

    async def story() -> OwnVoice:
        return await doctor_acoustic.own_voice(room, room, sound, asyncio.get_running_loop().time)

    return run(story())


def test_the_sweep_shows_delay_echo_and_the_room() -> None:
    found = swept(Room(gain=0.1, delay_s=0.2))
    assert found.delay_s == pytest.approx(0.2, abs=0.001)
    assert found.echo_db == pytest.approx(-20, abs=1)
    assert found.noise_dbfs == pytest.approx(20 * np.log10(NOISE_RMS / 32_768), abs=0.5)
    assert found.clipped_share == 0


def test_headphones_give_no_echo_and_a_microphone_that_is_too_loud_clips() -> None:
    assert swept(Room(gain=0.0)).echo_db is None
    assert swept(Room(gain=5.0)).clipped_share > 0.1


def test_its_own_voice_is_measured_and_known() -> None:
    loud, quiet = voiced(Room(gain=0.5)), voiced(Room(gain=0.05))
    assert loud.voice_dbfs - quiet.voice_dbfs == pytest.approx(20, abs=0.5)
    assert loud.noise_dbfs == pytest.approx(quiet.noise_dbfs, abs=0.5)
    assert min(loud.likeness, quiet.likeness) > 0.9


def test_a_speaker_that_is_off_is_not_taken_for_one_whose_echo_is_cancelled() -> None:
    found = voiced(Room(gain=0.0))
    assert found.voice_dbfs == pytest.approx(found.noise_dbfs, abs=0.5)
    assert found.likeness < 0.3


@pytest.mark.parametrize(
    ("gives", "why"),
    [
        (lambda at_s: False, "gave no sound"),
        (lambda at_s: at_s < 2, "gave no sound"),
        (lambda at_s: not 1.5 < at_s < 2, "had gaps"),
    ],
    ids=["never there", "lost", "away for a moment"],
)
def test_a_microphone_that_was_not_there_all_the_time_measures_nothing(
    gives: Callable[[float], bool], why: str
) -> None:
    room = Room()
    room.gives = gives
    with pytest.raises(ExceptionGroup) as raised:
        swept(room)
    (error,) = parts(raised.value)
    assert isinstance(error, AudioDeviceError)
    assert why in str(error)


def test_a_sound_that_never_ends_is_given_up() -> None:
    room = Room()
    room.hangs = True
    with pytest.raises(AudioDeviceError, match="restart the sound server"):
        swept(room)


def test_the_pages_sound_is_not_measured() -> None:
    with pytest.raises(AudioDeviceError, match="only the sound card's"):
        asyncio.run(doctor_acoustic.examine(Sound(microphone="page"), unwanted))


def unwanted() -> TextToSpeech:
    raise AssertionError("nothing is to be spoken")


def test_whoever_is_in_the_room_is_told_how_long_to_be_quiet() -> None:
    assert "five seconds" in doctor_acoustic.announcement(Sound())
    assert "half a minute" in doctor_acoustic.announcement(Sound(echo_cancellation="system"))
