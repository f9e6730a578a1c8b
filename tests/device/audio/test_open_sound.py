"""The device's own sound on real, clocked, virtual sound cards: PulseAudio and PipeWire."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.audio.resample import at_rate
from device.contracts import RATE_HZ, Audio
from tests import sound_card
from tests.sound_card import PipeWire, PulseAudio, SoundCard, in_three_attempts, write_wav
from tests.sound_process import SoundProcess
from tests.tones import tone

NOTICED_S = 1.0
RETURNED_S = 5.0


@pytest.fixture(scope="module", params=[PulseAudio, PipeWire])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoundCard]:
    card: SoundCard = request.param(tmp_path_factory.mktemp(request.param.__name__))
    card.start()
    yield card
    card.kill()


@pytest.fixture
def card(server: SoundCard) -> SoundCard:
    """Whole, whatever the test before has done to it."""
    server.restore()
    return server


def sound_of(card: SoundCard, **settings: Any) -> SoundProcess:
    return SoundProcess(card.env, microphone="mic", speaker="speaker", **settings)


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without a sound server."""
    (tmp_path / "run").mkdir()
    (tmp_path / "home").mkdir()
    env = {key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"}
    return {**env, "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def speech_like(seconds: float, rate_hz: int) -> Audio:
    """Noise in syllables: what can be found again in a recording, to the sample."""
    rng = np.random.default_rng(4)
    at_s = np.arange(int(seconds * rate_hz)) / rate_hz
    noise = np.convolve(rng.standard_normal(len(at_s)), np.hanning(rate_hz // 2_000), "same")
    syllables = 0.2 + np.abs(np.sin(2 * np.pi * 2.3 * at_s))
    sound = noise * syllables
    return Audio((12_000 * sound / np.abs(sound).max()).astype(np.int16).tobytes(), rate_hz)


def likeness(heard: np.ndarray, spoken: Audio) -> float:
    """The correlation of what was spoken with what was heard, where they fit best."""
    wanted = np.frombuffer(at_rate(spoken, RATE_HZ).pcm, np.int16).astype(float)
    assert len(heard) >= len(wanted), "less was heard than was spoken"
    size = len(heard) + len(wanted)
    match = np.fft.irfft(np.fft.rfft(heard.astype(float), size) * np.fft.rfft(wanted, size).conj(), size)
    at = int(np.argmax(match[: len(heard) - len(wanted) + 1]))
    return float(np.corrcoef(heard[at : at + len(wanted)], wanted)[0, 1])


@in_three_attempts
def test_what_is_spoken_into_the_microphone_arrives_as_frames(card: SoundCard) -> None:
    spoken = speech_like(1.5, 44_100)
    with sound_of(card) as process:
        process.heard()
        card.speak(spoken).wait()
        time.sleep(0.4)
        heard, captured_s = process.heard()
        assert likeness(heard, spoken) > 0.95
        assert np.diff(captured_s).min() >= 0
        assert np.diff(captured_s).max() < 0.06
        assert process.ask("state")["dropped"] == 0


@in_three_attempts
def test_what_is_written_comes_out_of_the_speaker_whole(card: SoundCard, tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 1.5, 22_050), 22_050))
    with sound_of(card) as process, card.recording() as recorder:
        process.ask("say", file=str(file))
        said = process.wait_for("said")
        time.sleep(0.15)
        heard = recorder.heard()
        first_s, last_s = heard.audible_s()
        assert last_s - first_s == pytest.approx(1.5, abs=0.02)
        assert heard.longest_gap_s() < 0.04
        assert np.abs(heard.samples.astype(int)).max() == pytest.approx(16_384, rel=0.03)
        assert said["played_s"] == pytest.approx(1.5, abs=0.002)
        assert first_s - said["begun_s"] < 0.1
        assert said["started_s"] == pytest.approx(first_s, abs=0.05)
        assert said["at_s"] == pytest.approx(last_s, abs=0.1)


@pytest.mark.parametrize("hang_s", [0.0, 0.6], ids=["from the loop", "from a thread while the loop hangs"])
@in_three_attempts
def test_a_silence_is_heard_at_once(card: SoundCard, tmp_path: Path, hang_s: float) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 1.8, 22_050), 22_050))
    with sound_of(card) as process, card.recording() as recorder:
        process.ask("say", file=str(file))
        time.sleep(0.6)
        process.ask("state")
        silenced = process.ask("silence", hang_s=hang_s)
        said = process.wait_for("said", 1.0)
        time.sleep(0.3)
        first_s, last_s = recorder.heard().audible_s()
        assert last_s - silenced["silenced_s"] < 0.05
        assert silenced["took_s"] < 0.01
        assert said["played_s"] == pytest.approx(last_s - first_s, abs=0.05)
        assert hang_s or process.ask("state")["lag_s"] < 0.05


@in_three_attempts
def test_sound_after_a_silence_is_heard_again(card: SoundCard, tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 0.5, 44_100), 44_100))
    with sound_of(card) as process, card.recording() as recorder:
        for _ in range(3):
            process.ask("say", file=str(file))
            time.sleep(0.1)
            process.ask("silence", hang_s=0)
            process.wait_for("said")
        time.sleep(0.2)
        before = len(recorder.heard().samples)
        process.ask("say", file=str(file))
        process.wait_for("said")
        time.sleep(0.15)
        rest = recorder.heard().samples[before:]
        assert np.count_nonzero(np.abs(rest.astype(int)) > sound_card.AUDIBLE) > 0.45 * sound_card.RATE_HZ


@in_three_attempts
def test_a_microphone_that_is_not_wanted_is_closed_as_the_server_shows_it(card: SoundCard) -> None:
    with sound_of(card) as process:
        assert len(card.streams("source-outputs", process.pid)) == 1
        process.ask("want", wanted=False)
        time.sleep(0.15)
        assert card.streams("source-outputs", process.pid) == []
        process.heard()
        time.sleep(0.2)
        assert process.heard()[1] == []
        process.ask("want", wanted=True)
        time.sleep(0.4)
        assert len(card.streams("source-outputs", process.pid)) == 1
        assert len(process.heard()[1]) > 5


@in_three_attempts
def test_a_microphone_that_is_unplugged_comes_back(card: SoundCard) -> None:
    with sound_of(card) as process:
        time.sleep(0.5)
        before = process.ask("state")
        for _ in range(3):
            unplugged_s = time.monotonic()
            card.unplug_microphone()
            assert process.trouble("microphone", 2 * NOTICED_S)["at_s"] - unplugged_s < NOTICED_S
            card.plug_microphone()
            process.cured("microphone", RETURNED_S)
        time.sleep(0.2)
        assert len(process.heard()[1]) > 5
        process.comes_back_to(before, within_s=3.0)


@in_three_attempts
def test_a_speaker_that_is_unplugged_in_mid_reply_lets_the_turn_end_and_comes_back(
    card: SoundCard, tmp_path: Path
) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 1.5, 22_050), 22_050))
    with sound_of(card) as process:
        process.ask("say", file=str(file))
        time.sleep(0.5)
        unplugged_s = time.monotonic()
        card.unplug_speaker()
        assert process.trouble("speaker", NOTICED_S)["at_s"] - unplugged_s < NOTICED_S
        said = process.wait_for("said", 3.0)
        assert said["played_s"] == pytest.approx(1.5, abs=0.05)
        card.plug_speaker()
        process.cured("speaker", RETURNED_S)
        with card.recording() as recorder:
            process.ask("say", file=str(file))
            process.wait_for("said")
            time.sleep(0.15)
            first_s, last_s = recorder.heard().audible_s()
            assert last_s - first_s == pytest.approx(1.5, abs=0.02)


@in_three_attempts
def test_a_server_that_is_killed_in_mid_reply_is_found_again(card: SoundCard, tmp_path: Path) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 1.5, 22_050), 22_050))
    with sound_of(card) as process:
        process.ask("say", file=str(file))
        time.sleep(0.4)
        killed_s = time.monotonic()
        card.kill()
        assert process.trouble("speaker", NOTICED_S)["at_s"] - killed_s < NOTICED_S
        assert process.trouble("microphone", NOTICED_S)["at_s"] - killed_s < NOTICED_S
        said = process.wait_for("said", 3.0)
        assert said["played_s"] == pytest.approx(1.5, abs=0.05)
        card.start()
        process.cured("speaker", RETURNED_S)
        process.cured("microphone", RETURNED_S)
        with card.recording() as recorder:
            process.ask("say", file=str(file))
            process.wait_for("said")
            time.sleep(0.15)
            assert not recorder.heard().silent
        code, _ = process.end()
        assert code == 0


@in_three_attempts
def test_a_server_that_stands_still_holds_up_neither_the_loop_nor_the_end(
    card: SoundCard, tmp_path: Path
) -> None:
    file = tmp_path / "tone.wav"
    write_wav(file, Audio(tone(500, 1.0, 22_050), 22_050))
    with sound_of(card) as process:
        process.ask("say", file=str(file))
        time.sleep(0.3)
        process.ask("state")
        card.signal(signal.SIGSTOP)
        try:
            process.trouble("microphone", NOTICED_S + 0.2)
            process.ask("silence", hang_s=0)
            process.wait_for("said", 2.0)
            assert process.ask("state")["lag_s"] < 0.05
            code, _ = process.end(within_s=4.0)
        finally:
            card.signal(signal.SIGCONT)
        assert code == 0


@in_three_attempts
def test_any_device_will_do_but_a_monitor_of_a_speaker_is_no_microphone(card: SoundCard) -> None:
    with SoundProcess(card.env) as process:
        assert process.ask("state")["microphone"] == "mic"
        assert process.ask("state")["speaker"] == "speaker"
        card.unplug_microphone()
        process.trouble("microphone", NOTICED_S)
        time.sleep(1.5)
        assert card.streams("source-outputs", process.pid) == []
        card.plug_microphone()
        process.cured("microphone", RETURNED_S)


@in_three_attempts
def test_microphones_of_other_rates_and_of_many_channels_are_understood(card: SoundCard) -> None:
    spoken = speech_like(0.8, 8_000)
    for form in card.forms:
        card.unplug_microphone()
        card.plug_microphone(*form)
        with sound_of(card) as process:
            time.sleep(0.2)
            process.heard()
            card.speak(spoken).wait()
            time.sleep(0.4)
            heard, _ = process.heard()
        assert likeness(heard, spoken) > 0.95, form
    card.unplug_microphone()


def test_without_any_sound_card_the_page_serves(alone: dict[str, str]) -> None:
    with SoundProcess(alone) as process:
        assert process.opened["took_s"] < 3
        state = process.ask("state")
        assert state["microphone"] is None
        assert state["speaker"] is None
        assert process.end() == (0, "")


def test_a_device_that_is_named_and_absent_is_told_and_waited_for(alone: dict[str, str]) -> None:
    with SoundProcess(alone, microphone="Jabra", speaker="page") as process:
        assert "Jabra" in process.wait_for("trouble", part="microphone")["why"]
        assert process.opened["took_s"] < 3
        code, complaints = process.end()
        assert code == 0
        assert "Traceback" not in complaints


def test_a_device_of_alsa_alone_is_found_by_its_name(alone: dict[str, str]) -> None:
    home = Path(alone["HOME"])
    (home / ".asoundrc").write_text("pcm.testcard { type null }\n")
    with SoundProcess(alone, microphone="TestCard", speaker="testcard") as process:
        assert process.ask("state")["microphone"] == "testcard"
        assert process.ask("state")["speaker"] == "testcard"
        time.sleep(0.2)
        assert len(process.heard()[1]) > 5
        assert process.end()[0] == 0
