"""The thread and the hand-over, on a card that is made up; the real thing is in `test_open_sound`."""

from __future__ import annotations

import asyncio
import threading
import time

import numpy as np
import pytest

from device.audio.card_microphone import CardMicrophone, amplified
from device.audio.sound_devices import AUTO
from device.audio.sound_library import SoundLibrary
from device.contracts import FRAME_BYTES, Frame
from tests.device.audio.fake_portaudio import Card, FakePortAudio
from tests.tones import loudest_hz, tone
from tests.until import until

SOON_S = 5.0


def microphone_of(card: Card, told: list[str], gain_db: float = 0.0) -> CardMicrophone:
    portaudio = FakePortAudio(card)
    return CardMicrophone(SoundLibrary(lambda: portaudio), AUTO, gain_db, time.monotonic, told.append)


async def frames(microphone: CardMicrophone, count: int) -> list[Frame]:
    taken: list[Frame] = []
    async with asyncio.timeout(SOON_S):
        async for frame in microphone.frames():
            taken.append(frame)
            if len(taken) == count:
                break
    return taken


@pytest.mark.parametrize(
    ("rate_hz", "channels"), [(8_000, 1), (11_025, 1), (22_050, 2), (44_100, 4), (48_000, 1), (96_000, 1)]
)
def test_a_card_of_any_rate_and_number_of_channels_gives_frames(rate_hz: int, channels: int) -> None:
    async def story() -> None:
        mono = np.frombuffer(tone(440, 1.0, rate_hz), np.int16)
        card = Card("USB", rates_hz=(rate_hz,), channels=(channels,), inputs=channels)
        card.given = np.repeat(mono, channels).tobytes()
        microphone = microphone_of(card, [])
        taken = await frames(microphone, 40)
        await microphone.close()
        assert {len(frame.pcm) for frame in taken} == {FRAME_BYTES}
        assert loudest_hz(b"".join(frame.pcm for frame in taken), 16_000) == pytest.approx(440, abs=2)

    asyncio.run(story())


def test_a_microphone_that_is_not_wanted_is_closed_and_what_it_heard_forgotten() -> None:
    async def story() -> None:
        card = Card("USB")
        card.given = tone(440, 1.0, 48_000)
        microphone = microphone_of(card, [])
        await frames(microphone, 1)
        microphone.want(False)
        await until(lambda: not card.streams)
        card.given = tone(440, 1.0, 48_000)
        reading = asyncio.ensure_future(frames(microphone, 1))
        await asyncio.sleep(0.05)
        assert not reading.done()
        microphone.want(True)
        assert len(await reading) == 1
        await microphone.close()

    asyncio.run(story())


def test_a_busy_microphone_is_told_and_serves_as_soon_as_it_is_free() -> None:
    async def story() -> None:
        card, told = Card("USB", busy=True), list[str]()
        microphone = microphone_of(card, told)
        assert not await microphone.opened(SOON_S)
        await until(lambda: bool(told))
        assert "in use by another program" in told[0]
        card.busy = False
        card.given = tone(440, 1.0, 48_000)
        assert len(await frames(microphone, 5)) == 5
        assert told[-1] == ""
        await microphone.close()

    asyncio.run(story())


def test_a_microphone_that_falls_silent_like_a_dead_one_is_told_within_a_second() -> None:
    async def story() -> None:
        told: list[str] = []
        microphone = microphone_of(Card("USB"), told)
        began_s = time.monotonic()
        await until(lambda: bool(told))
        assert time.monotonic() - began_s > 0.4
        assert "gives no sound" in told[0]
        await microphone.close()

    asyncio.run(story())


def test_a_microphone_that_cannot_be_closed_is_told_until_it_is() -> None:
    async def story() -> None:
        card, told = Card("USB", hangs=threading.Event()), list[str]()
        card.given = tone(440, 1.0, 48_000)
        microphone = microphone_of(card, told)
        await frames(microphone, 1)
        microphone.want(False)
        await until(lambda: bool(told))
        assert "does not answer" in told[0]
        assert card.hangs
        card.hangs.set()
        await until(lambda: told[-1] == "")
        assert card.streams == []
        await microphone.close()

    asyncio.run(story())


def test_frames_that_nobody_reads_are_dropped_oldest_first_and_counted() -> None:
    async def story() -> None:
        card = Card("USB")
        card.given = tone(440, 1.0, 48_000) + bytes(2 * 8 * 48_000)
        microphone = microphone_of(card, [])
        await until(lambda: microphone.dropped > 0 and not card.given)
        taken = await frames(microphone, 10)
        await microphone.close()
        assert max(np.abs(np.frombuffer(frame.pcm, np.int16)).max() for frame in taken) < 10

    asyncio.run(story())


def test_no_thread_and_no_stream_outlive_it() -> None:
    async def story() -> None:
        card = Card("USB")
        microphone = microphone_of(card, [])
        await until(lambda: bool(card.streams))
        await microphone.close()
        await microphone.close()
        assert card.streams == []
        assert "microphone" not in {thread.name for thread in threading.enumerate()}

    asyncio.run(story())


def test_gain_is_exact_and_saturates() -> None:
    quiet = np.array([-100, 0, 100], np.int16).tobytes()
    assert np.frombuffer(amplified(quiet, 2.0), np.int16).tolist() == [-200, 0, 200]
    loud = np.array([-30_000, 30_000], np.int16).tobytes()
    assert np.frombuffer(amplified(loud, 10.0), np.int16).tolist() == [-32_768, 32_767]
    assert amplified(loud, 1.0) == loud
