"""Fixed sentences are spoken although the voice's engine is broken or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from device.brain.kept_voice import KeptVoice
from device.contracts import Emotion, Express, Say
from device.errors import TtsError
from tests.device.session.rig import Device, stock_text
from tests.fakes import FakeBrain, FakeVoice

APOLOGY = stock_text("mind failed")


def with_apology(folder: Path, tts: FakeVoice) -> KeptVoice:
    """The apology is ready since the last start; the voice of today may be as broken as it likes."""

    async def story() -> KeptVoice:
        before = KeptVoice(FakeVoice(), [APOLOGY], folder, "fake")
        await before.render_missing(lambda: True)
        await before.close()
        now = KeptVoice(tts, [APOLOGY], folder, "fake")
        await now.load(10)
        assert not now.missing
        return now

    return asyncio.run(story())


BROKEN: dict[str, Callable[[], FakeVoice]] = {
    "hangs": lambda: FakeVoice(hangs=True),
    "fails": lambda: FakeVoice(fails_on=lambda text: TtsError("The voice broke.")),
    "gives no sound": lambda: FakeVoice(silent=True),
}


@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("mood", [Emotion.NEUTRAL, Emotion.SAD])
def test_an_apology_is_spoken_although_the_voice_is_broken(tmp_path: Path, how: str, mood: Emotion) -> None:
    async def story(device: Device) -> None:
        await device.say()
        record = await device.turn()
        assert record.error
        assert record.spoken == APOLOGY
        assert record.spoken_s == pytest.approx(0.3, abs=0.05)
        assert record.stages_ms["first_audio"] / 1000 <= device.settings.deadlines.tts_s + 1
        assert APOLOGY not in device.voice.texts

    broken = BROKEN[how]()
    ready = with_apology(tmp_path, broken)
    brain = FakeBrain([Express(mood), Say("It is noon.")])
    Device(brain=brain, voice=broken, wrapped=lambda voice: ready).play(story)


def test_without_kept_phrases_a_broken_voice_is_told_by_a_sound() -> None:
    async def story(device: Device) -> None:
        await device.say()
        record = await device.turn()
        assert record.spoken == ""
        assert record.spoken_s > 0

    Device(voice=BROKEN["fails"]()).play(story)
