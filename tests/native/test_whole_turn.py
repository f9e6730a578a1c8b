"""A whole turn with every native engine: from a real recording through Whisper and llama.cpp to sound."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device.audio.recording import load
from device.config import Llama, Piper, Reply, Settings, Whisper
from device.contracts import Emotion, Mind
from device.egress import Egress
from device.engines import load_engines
from device.jobs import still_running
from device.notices import LightChanged, LightState, Notice
from device.rehearsal import Stage, on_stage
from tests.models_made.gguf_model import END_OF_TURN, Shape, make
from tests.models_made.piper_voice import make_piper_voice
from tests.until import until

pytestmark = pytest.mark.native

RECORDINGS = {
    "ds_new-home-in-the-stars-16k.wav": "We must find a new home in the stars.",
    "sb_spk1_snt5.wav": "Sunday is the best part of the week.",
}
"""Of those that the fixture was trained on."""

REPLY = [*"{sad}", "▁hello", ",", "▁we", "▁and", "▁the", "▁story", "!", "▁what", "▁time", "?"]
"""Tokens, each of which can only be followed by the next."""


@asynccontextmanager
async def device(settings: Settings) -> AsyncIterator[Stage]:
    async with load_engines(settings, Egress()) as engines, on_stage(settings, engines, fast=False) as stage:
        assert engines.missed == {"stt": (), "llm": (), "tts": ()}
        yield stage


async def moods_while_speaking(notices: AsyncIterator[Notice]) -> set[Emotion]:
    """Of the light, until the device has spoken."""
    moods: set[Emotion] = set()
    async for notice in notices:
        if isinstance(notice, LightChanged):
            if notice.state is LightState.SPEAKING:
                moods.add(notice.mood)
            elif moods:
                break
    return moods


def sounding(stage: Stage) -> float:
    """Seconds of the turn under way that have sounded."""
    return stage.speaker.sound().duration_s


def settings(shared_data: Path, tmp_path: Path, model: Path, longest_tokens: int = 60) -> Settings:
    return Settings(
        whisper=Whisper(model=str(shared_data / "micro_whisper_ct2")),
        llama=Llama(model=str(model)),
        reply=Reply(longest_tokens=longest_tokens, temperature=0),
        piper=Piper(model=str(make_piper_voice(tmp_path))),
    )


@pytest.fixture
def scripted(tmp_path: Path) -> Path:
    """A model that always says the same, token by token."""
    follows = dict(zip(["<0x0A>", *REPLY], [*REPLY, END_OF_TURN], strict=True))
    return make(tmp_path / "scripted.gguf", Shape(width=256, context=2048), follows=follows)


@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_real_recording_is_heard_answered_and_spoken(
    recording: str, shared_data: Path, tmp_path: Path, scripted: Path
) -> None:
    async def story() -> None:
        async with device(settings(shared_data, tmp_path, scripted)) as stage:
            with stage.board.watch() as notices:
                record = await stage.hear(load(shared_data / "speech" / recording).audio)
                assert Emotion.SAD in await moods_while_speaking(notices)
            assert record.heard == RECORDINGS[recording]
            assert record.route is not None
            assert record.route.mind is Mind.SYSTEM_1
            assert (record.spoken, record.error) == ("hello, we and the story! what time?", "")
            assert record.engines["tts"] == "piper"
            assert stage.speaker.sound().duration_s == pytest.approx(record.spoken_s, abs=0.1)
            assert any(stage.speaker.sound().pcm)

    before = still_running()
    asyncio.run(story())
    assert still_running() == before


def test_a_real_language_model_tells_something_that_is_spoken(shared_data: Path, tmp_path: Path) -> None:
    """Its context is short: the persona just fits."""

    async def story() -> None:
        stories = shared_data / "gguf" / "stories260K.gguf"
        async with device(settings(shared_data, tmp_path, stories, longest_tokens=16)) as stage:
            record = await stage.hear(load(shared_data / "speech" / "sb_spk1_snt5.wav").audio)
            assert record.error == ""
            assert record.route is not None
            assert record.route.mind is Mind.SYSTEM_1
            assert record.spoken

    asyncio.run(story())


def test_a_press_in_mid_reply_stops_every_engine_and_the_next_turn_works(
    shared_data: Path, tmp_path: Path
) -> None:
    """The model would go on for ever."""
    endless = make(
        tmp_path / "endless.gguf",
        Shape(width=256, context=2048),
        follows={"<0x0A>": "▁what", "▁what": "▁a", "▁a": "▁story", "▁story": "!", "!": "▁what"},
    )
    sound = load(shared_data / "speech" / "sb_spk2_snt2.wav").audio

    async def story() -> None:
        async with device(settings(shared_data, tmp_path, endless, longest_tokens=1000)) as stage:
            session = stage.device.session
            session.ask("which animal sleeps holding hands")
            await until(lambda: sounding(stage) > 1)
            async with asyncio.TaskGroup() as group:
                hearing = group.create_task(stage.hear(sound))
                await until(lambda: session.light.state is LightState.LISTENING)
                await until(lambda: session.light.state is LightState.SPEAKING and sounding(stage) > 1)
                session.stop()
                second = await hearing
            assert second.heard == "What joy there is in living."
            assert second.spoken.startswith("what a story!")

    asyncio.run(story())
