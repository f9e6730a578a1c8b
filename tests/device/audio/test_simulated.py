from __future__ import annotations

import asyncio

import numpy as np
import pytest

from device.audio.frames import FRAME_S
from device.audio.simulated import (
    AHEAD_S,
    LATEST_S,
    SOUND_RATE_HZ,
    RecordingMicrophone,
    SimulatedSpeaker,
)
from device.contracts import FRAME_BYTES, RATE_HZ, Audio, Frame
from tests.device.audio.sounds import samples, tone
from tests.virtual_time import run


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def first(microphone: RecordingMicrophone, count: int) -> list[Frame]:
    """As many frames as that."""
    got: list[Frame] = []
    async for frame in microphone.frames():
        got.append(frame)
        if len(got) == count:
            break
    return got


class TestRecordingMicrophone:
    @pytest.mark.parametrize("fast", [False, True])
    def test_it_gives_the_very_samples_and_then_silence(self, fast: bool) -> None:
        sound = tone(440, 0.105)
        got = run(first(RecordingMicrophone(sound, fast=fast), 10))
        assert b"".join(frame.pcm for frame in got) == sound.pcm + bytes(10 * FRAME_BYTES - len(sound.pcm))

    def test_other_rates_become_the_pipeline_s(self) -> None:
        got = run(first(RecordingMicrophone(tone(440, 0.5, 44_100), fast=True), 25))
        heard = samples(Audio(b"".join(frame.pcm for frame in got), RATE_HZ))
        assert np.abs(heard - samples(tone(440, 0.5)))[500:-500].max() < 20

    def test_in_real_time_a_frame_comes_when_its_last_sample_is_captured(self) -> None:
        async def story() -> tuple[float, list[float]]:
            began_s = now_s()
            got = await first(RecordingMicrophone(tone(440, 2.0), fast=False), 51)
            return now_s() - began_s, [frame.captured_s - began_s for frame in got]

        took_s, captured_s = run(story())
        assert took_s == pytest.approx(51 * 0.02)
        assert captured_s == pytest.approx([index * 0.02 for index in range(51)])

    def test_fast_takes_no_time_until_the_silence_which_takes_its_own(self) -> None:
        async def story() -> tuple[float, bool, float, bool]:
            microphone = RecordingMicrophone(tone(440, 2.0), fast=True)
            began_s = now_s()
            await first(microphone, 100)
            recording_s, over = now_s() - began_s, microphone.finished.is_set()
            await first(microphone, 100 + 51)
            return recording_s, over, now_s() - began_s, microphone.finished.is_set()

        assert run(story()) == pytest.approx((0.0, False, 1.02, True))

    @pytest.mark.parametrize(("behind_s", "lost_s"), [(0.5, 0.0), (LATEST_S + 0.5, 0.5)])
    def test_a_reader_who_falls_behind_misses_what_is_too_old(self, behind_s: float, lost_s: float) -> None:
        async def story() -> float:
            frames = RecordingMicrophone(tone(440, 9.0), fast=False).frames()
            began = await anext(frames)
            await asyncio.sleep(behind_s)
            count = 1
            async for frame in frames:
                count += 1
                if frame.captured_s - began.captured_s > 2.97:
                    break
            return 3.0 - count * FRAME_S

        assert run(story()) == pytest.approx(lost_s, abs=FRAME_S * 1.01)

    def test_an_empty_recording_is_silence_at_once(self) -> None:
        (frame,) = run(first(RecordingMicrophone(Audio(b"", RATE_HZ), fast=False), 1))
        assert not any(frame.pcm)


class TestSimulatedSpeaker:
    def test_sound_takes_its_time(self) -> None:
        async def story() -> tuple[float, float, float]:
            playback = SimulatedSpeaker().begin(1)
            began_s = now_s()
            await playback.write(tone(440, 1.5, 22_050))
            written_s = now_s() - began_s
            await playback.drain()
            return written_s, now_s() - began_s, playback.played_s

        assert run(story()) == pytest.approx((0, 1.5, 1.5))

    def test_fast_it_takes_none(self) -> None:
        async def story() -> tuple[float, float]:
            playback = SimulatedSpeaker(fast=True).begin(1)
            began_s = now_s()
            for _ in range(10):
                await playback.write(tone(440, 1.0))
            await playback.drain()
            return now_s() - began_s, playback.played_s

        assert run(story()) == pytest.approx((0, 10))

    def test_a_writer_waits_while_enough_is_ahead(self) -> None:
        async def story() -> list[float]:
            playback = SimulatedSpeaker().begin(1)
            began_s, waited_s = now_s(), []
            for _ in range(6):
                await playback.write(tone(440, 1.0))
                waited_s.append(now_s() - began_s)
            return waited_s

        assert AHEAD_S == 2.0
        assert run(story()) == pytest.approx([0, 0, 0, 1, 2, 3])

    def test_what_has_sounded_is_counted_as_it_sounds_and_gaps_are_not(self) -> None:
        async def story() -> list[float]:
            playback = SimulatedSpeaker().begin(1)
            played_s = []
            await playback.write(tone(440, 1.0))
            for pause_s in (0.4, 0.4, 5.0):
                await asyncio.sleep(pause_s)
                played_s.append(playback.played_s)
            await playback.write(tone(440, 1.0))
            await asyncio.sleep(0.5)
            return [*played_s, playback.played_s]

        assert run(story()) == pytest.approx([0.4, 0.8, 1.0, 1.5])

    def test_it_says_when_the_first_sample_sounded(self) -> None:
        async def story() -> float:
            playback = SimulatedSpeaker().begin(1)
            waiting = asyncio.ensure_future(playback.started())
            began_s = now_s()
            await asyncio.sleep(3)
            await playback.write(tone(440, 1.0))
            await playback.write(tone(440, 1.0))
            return await waiting - began_s

        assert run(story()) == pytest.approx(3)

    def test_silence_stops_writers_and_drainers_and_the_count(self) -> None:
        async def story() -> tuple[float, float]:
            speaker = SimulatedSpeaker()
            playback = speaker.begin(1)
            began_s = now_s()
            asyncio.get_running_loop().call_later(1.2, speaker.silence)
            await playback.write(tone(440, 2.0))
            await asyncio.gather(playback.write(tone(880, 9.0)), playback.drain())
            stopped_s = now_s() - began_s
            await playback.write(tone(880, 9.0))
            await asyncio.sleep(5)
            speaker.silence()
            assert speaker.sound().duration_s == pytest.approx(playback.played_s)
            return stopped_s, playback.played_s

        assert run(story()) == pytest.approx((1.2, 1.2))

    def test_beginning_another_silences_the_one_before(self) -> None:
        async def story() -> tuple[float, float]:
            speaker = SimulatedSpeaker()
            old = speaker.begin(1)
            await old.write(tone(440, 2.0))
            await asyncio.sleep(0.5)
            new = speaker.begin(2)
            await old.write(tone(440, 2.0))
            await new.write(tone(880, 1.0))
            await new.drain()
            assert speaker.sound().duration_s == pytest.approx(1.0)
            return old.played_s, new.played_s

        assert run(story()) == pytest.approx((0.5, 1.0))

    def test_what_was_said_has_no_seams_between_pieces(self) -> None:
        async def story() -> Audio:
            speaker = SimulatedSpeaker(fast=True)
            playback = speaker.begin(1)
            whole = tone(440, 1.0, 22_050)
            for start in range(0, len(whole.pcm), 3_000):
                await playback.write(Audio(whole.pcm[start : start + 3_000], 22_050))
            await playback.write(tone(440, 0.5, 16_000))
            return speaker.sound()

        said = run(story())
        assert said.rate_hz == SOUND_RATE_HZ
        assert said.duration_s == pytest.approx(1.5, abs=0.001)
        wanted = samples(tone(440, 1.0, SOUND_RATE_HZ))
        assert np.abs(samples(said)[: len(wanted)] - wanted)[200:-200].max() < 20

    def test_before_anything_is_said_there_is_no_sound(self) -> None:
        assert SimulatedSpeaker().sound().pcm == b""
