"""The engines of the settings, really loaded: what is there serves, and no place stays empty."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest

from device.audio.open_sound import OpenSound
from device.audio.recording import load
from device.config import Character, Developer, LlmServer, Panel, Piper, Settings, Sherpa, Whisper
from device.config import Engines as Wanted
from device.contracts import Direction
from device.egress import Egress
from device.engines import Engines, load_engines
from device.jobs import still_running
from device.rehearsal import on_stage
from device.what_serves import what_serves
from tests.fakes import FakeDetector
from tests.models_made.piper_voice import make_piper_voice
from tests.models_made.transducer import make_transducer
from tests.models_made.whisper import make_whisper

T = TypeVar("T")

PLAIN = Settings(engines=Wanted(stt="pocketsphinx", llm="none", tts="espeak"))
"""Fast to load: what a test is not about."""


def look(settings: Settings, at: Callable[[Engines], T]) -> T:
    async def whole() -> T:
        async with load_engines(settings, Egress()) as engines:
            return at(engines)

    return asyncio.run(whole())


def test_nothing_installed_is_a_device_all_the_same() -> None:
    engines = look(Settings(), lambda engines: engines)
    assert engines.serving == {
        "stt": "pocketsphinx: commands, not free speech",
        "llm": "",
        "tts": "espeak-ng",
    }
    assert engines.model is None
    assert engines.missed == {"stt": (), "llm": (), "tts": ()}
    assert engines.more_to_install == {"stt", "llm", "tts"}


def test_an_engine_that_is_asked_for_by_name_and_is_not_there_is_told() -> None:
    engines = look(Settings(engines=Wanted(stt="whisper", llm="none", tts="espeak")), lambda engines: engines)
    assert engines.serving["stt"].startswith("pocketsphinx")
    assert engines.missed["stt"][0].startswith("No model for whisper is installed: make voice")


def test_the_models_that_the_settings_name_serve(tmp_path: Path) -> None:
    whisper = make_whisper(tmp_path / "small-ears")
    piper = make_piper_voice(tmp_path)
    settings = msgspec.structs.replace(
        PLAIN, engines=Wanted(llm="none"), whisper=Whisper(model=str(whisper)), piper=Piper(model=str(piper))
    )
    before = still_running()
    engines = look(settings, lambda engines: engines)
    assert engines.serving["stt"] == "whisper: small-ears"
    assert engines.serving["tts"] == "piper: tones.onnx, then espeak-ng"
    assert engines.missed == {"stt": (), "llm": (), "tts": ()}
    assert still_running() == before


def damaged_whisper(folder: Path) -> Settings:
    (make_whisper(folder / "ears") / "model.bin").write_bytes(b"rubbish")
    return Settings(engines=Wanted(stt="whisper", llm="none"), whisper=Whisper(model=str(folder / "ears")))


def damaged_piper(folder: Path) -> Settings:
    voice = make_piper_voice(folder)
    voice.write_bytes(voice.read_bytes()[:1000])
    return Settings(engines=Wanted(tts="piper", llm="none"), piper=Piper(model=str(voice)))


def damaged_transducer(folder: Path) -> Settings:
    model = make_transducer(folder / "stream")
    next(model.glob("encoder*")).write_bytes(b"rubbish")
    return Settings(engines=Wanted(stt="sherpa", llm="none"), sherpa=Sherpa(model=str(model)))


def missing_whisper(folder: Path) -> Settings:
    return Settings(engines=Wanted(stt="whisper", llm="none"), whisper=Whisper(model=str(folder / "no")))


@pytest.mark.parametrize(
    ("damage", "stage", "served_by"),
    [
        (damaged_whisper, "stt", "pocketsphinx"),
        (missing_whisper, "stt", "pocketsphinx"),
        (damaged_transducer, "stt", "pocketsphinx"),
        (damaged_piper, "tts", "espeak-ng"),
    ],
)
def test_a_model_that_is_missing_or_damaged_is_told_and_the_next_engine_serves(
    damage: Callable[[Path], Settings], stage: str, served_by: str, tmp_path: Path
) -> None:
    engines = look(damage(tmp_path), lambda engines: engines)
    assert engines.serving[stage].startswith(served_by)
    assert str(tmp_path) in engines.missed[stage][0]


def test_a_transducer_that_is_named_hears_before_whatever_else_is_there(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        PLAIN,
        engines=Wanted(llm="none", tts="espeak"),
        sherpa=Sherpa(model=str(make_transducer(tmp_path / "stream"))),
    )
    assert look(settings, lambda engines: engines.serving["stt"]) == "sherpa: stream"


def test_a_server_that_is_switched_off_is_still_the_one_that_is_asked() -> None:
    settings = msgspec.structs.replace(
        PLAIN,
        engines=Wanted(stt="pocketsphinx", llm="server", tts="espeak"),
        llm_server=LlmServer(url="http://127.0.0.1:9/v1"),
    )
    assert look(settings, lambda engines: engines.serving["llm"]) == "server"


@pytest.mark.parametrize(
    ("llm", "network", "promised"),
    [("server", False, False), ("none", False, True), ("none", True, False)],
)
def test_that_nothing_leaves_is_promised_only_without_a_server_and_pages_elsewhere(
    llm: str, network: bool, promised: bool
) -> None:
    settings = msgspec.structs.replace(
        PLAIN,
        engines=msgspec.convert({"stt": "pocketsphinx", "llm": llm, "tts": "espeak"}, Wanted),
        llm_server=LlmServer(url="http://127.0.0.1:9/v1"),
        panel=Panel(network=network),
    )
    detector = FakeDetector()
    parts = look(
        settings, lambda engines: what_serves(settings, engines, detector, OpenSound(None, None), {})
    )
    assert any("nothing leaves" in part.served_by for part in parts) is promised
    assert any(part.name == "System 1 (a server)" for part in parts) is (llm == "server")


@pytest.mark.parametrize("keeps", [True, False])
def test_that_sound_is_written_to_disk_is_the_first_thing_that_the_start_screen_says(keeps: bool) -> None:
    settings = msgspec.structs.replace(PLAIN, developer=Developer(keep_audio=keeps))
    detector = FakeDetector()
    parts = look(
        settings, lambda engines: what_serves(settings, engines, detector, OpenSound(None, None), {})
    )
    assert (parts[0].name == "RECORDING") is keeps


def test_a_server_is_not_asked_where_the_model_on_board_was_chosen() -> None:
    """What is said would leave the device against the settings."""
    settings = msgspec.structs.replace(
        PLAIN,
        engines=Wanted(stt="pocketsphinx", llm="llama", tts="espeak"),
        llm_server=LlmServer(url="http://127.0.0.1:9/v1"),
    )
    assert look(settings, lambda engines: engines.model) is None


def test_a_server_without_an_address_is_told() -> None:
    settings = msgspec.structs.replace(PLAIN, engines=Wanted(stt="pocketsphinx", llm="server", tts="espeak"))
    engines = look(settings, lambda engines: engines)
    assert engines.model is None
    assert "say where it is, in llm_server.url" in engines.missed["llm"][0]


def test_the_character_decides_what_the_gate_lets_pass() -> None:
    async def allowed(settings: Settings) -> bool:
        async with load_engines(settings, Egress()) as engines:
            return (await engines.gate.judge("can you keep a secret", Direction.HEARD)).allowed

    adult = msgspec.structs.replace(PLAIN, character=Character(safety="adult"))
    assert not asyncio.run(allowed(PLAIN))
    assert asyncio.run(allowed(adult))


def test_fixed_sentences_are_rendered_once_and_kept_for_the_next_start(
    tmp_path: Path, state_directory: Path
) -> None:
    settings = msgspec.structs.replace(
        PLAIN,
        engines=Wanted(stt="pocketsphinx", llm="none"),
        piper=Piper(model=str(make_piper_voice(tmp_path))),
    )

    async def start() -> int:
        async with load_engines(settings, Egress()) as engines:
            missing = len(engines.tts.missing)
            await engines.tts.render_missing(lambda: True)
            return missing

    assert asyncio.run(start()) > 20
    assert list((state_directory / "voice").rglob("*.wav"))
    assert asyncio.run(start()) == 0


RECORDINGS = {
    "ds_new-home-in-the-stars-16k.wav": "We must find a new home in the stars.",
    "sb_spk1_snt5.wav": "Sunday is the best part of the week.",
    "sb_spk2_snt2.wav": "What joy there is in living.",
}
"""Of those that the fixture was trained on."""


@pytest.mark.parametrize("recording", RECORDINGS)
def test_a_turn_from_a_real_recording_through_whisper_and_piper(
    recording: str, shared_data: Path, tmp_path: Path
) -> None:
    settings = msgspec.structs.replace(
        PLAIN,
        engines=Wanted(llm="none"),
        whisper=Whisper(model=str(shared_data / "micro_whisper_ct2")),
        piper=Piper(model=str(make_piper_voice(tmp_path))),
    )
    sound = load(shared_data / "speech" / recording).audio

    async def whole() -> None:
        async with (
            load_engines(settings, Egress()) as engines,
            on_stage(settings, engines, fast=False) as stage,
        ):
            record = await stage.hear(sound)
            assert record.heard == RECORDINGS[recording]
            assert record.error == ""
            assert record.engines == {"stt": "whisper", "tts": "piper", "vad": stage.device.detector.name}
            assert record.spoken
            assert record.spoken_s == pytest.approx(stage.speaker.sound().duration_s, abs=0.1)
            assert record.spoken_s > 1

    asyncio.run(whole())
