"""The speaker on a card that is made up; the real thing is in `test_open_sound`."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest

from device.audio.card_speaker import CardSpeaker
from device.audio.sound_devices import AUTO
from device.audio.sound_library import SoundLibrary
from device.contracts import Audio
from tests.device.audio.fake_portaudio import Card, FakePortAudio
from tests.device.audio.test_card_microphone import SOON_S
from tests.tones import tone
from tests.until import until


def speaker_of(card: Card, told: list[str]) -> CardSpeaker:
    portaudio = FakePortAudio(card)
    return CardSpeaker(SoundLibrary(lambda: portaudio), AUTO, time.monotonic, told.append)


def test_without_its_card_a_clock_plays_and_the_card_is_told_and_taken_up_later() -> None:
    async def story() -> None:
        card, told = Card("USB", busy=True), list[str]()
        speaker = speaker_of(card, told)
        assert not await speaker.opened(SOON_S)
        playback = speaker.begin(1)
        begun_s = time.monotonic()
        await playback.write(Audio(tone(440, 0.3, 22_050), 22_050))
        await playback.drain()
        assert time.monotonic() - begun_s == pytest.approx(0.3, abs=0.15)
        assert playback.played_s == pytest.approx(0.3, abs=0.005)
        assert "in use" in told[0]
        card.busy = False
        await until(lambda: told[-1] == "")
        await speaker.begin(2).write(Audio(tone(440, 0.3, 22_050), 22_050))
        await until(lambda: bool(card.written))
        await speaker.close()
        assert card.streams == []

    asyncio.run(story())


def test_a_silence_stops_the_stream_and_lets_whoever_waits_go() -> None:
    async def story() -> None:
        card = Card("USB")
        speaker = speaker_of(card, [])
        assert await speaker.opened(SOON_S)
        playback = speaker.begin(1)
        await playback.write(Audio(tone(440, 1.0, 48_000), 48_000))
        await until(lambda: bool(card.written))
        await asyncio.to_thread(speaker.silence)
        speaker.silence()
        async with asyncio.timeout(SOON_S):
            await playback.drain()
        await until(lambda: card.streams[0].told[-1:] == ["abort"])
        assert playback.played_s < 0.5
        await speaker.close()

    asyncio.run(story())


def test_volume_is_the_square_of_its_percentage() -> None:
    async def story() -> None:
        card = Card("USB")
        speaker = speaker_of(card, [])
        assert await speaker.opened(SOON_S)
        speaker.set_volume(50)
        await speaker.begin(1).write(Audio(tone(440, 0.1, 48_000), 48_000))
        await until(lambda: len(card.written) >= 2 * 4_000)
        await speaker.close()
        assert np.abs(np.frombuffer(card.written, np.int16).astype(int)).max() == pytest.approx(
            4_096, rel=0.01
        )

    asyncio.run(story())


def test_a_reply_that_is_still_going_on_is_heard_again_when_the_card_is_back() -> None:
    async def story() -> None:
        card, told = Card("USB"), list[str]()
        speaker = speaker_of(card, told)
        assert await speaker.opened(SOON_S)
        playback = speaker.begin(1)
        writing = asyncio.ensure_future(playback.write(Audio(tone(440, 20.0, 48_000), 48_000)))
        await until(lambda: bool(card.written))
        card.gone = True
        await until(lambda: bool(told))
        assert "is gone" in told[0]
        card.gone, card.written = False, b""
        await until(lambda: told[-1] == "" and any(card.written))
        speaker.silence()
        writing.cancel()
        await speaker.close()

    asyncio.run(story())
