"""`twominds doctor`, --acoustic and plain, as a process on real virtual sound cards that hear themselves."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.contracts import Audio
from device.echo_proof import FILE, proven
from tests.sound_card import PipeWire, PulseAudio, SoundCard

ROOT = Path(__file__).resolve().parents[1]
NOISE_RMS = 300.0
NOISE_DBFS = -41


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str
    state: Path
    modules: str
    """What the sound server has loaded afterwards."""

    @property
    def told(self) -> dict[str, Any]:
        return dict(json.loads(self.out))


def doctor(card: SoundCard, *arguments: str, **settings: str) -> Done:
    state = card.folder / "kept"
    done = run(card.env, *arguments, STATE_DIRECTORY=str(state), **settings)
    return Done(done.returncode, done.stdout, done.stderr, state, card.pactl("list", "short", "modules"))


def run(env: dict[str, str], *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "device.cli", "doctor", *arguments],
        cwd=ROOT,
        env={**env, "XDG_CONFIG_HOME": "/nonexistent", **more},
        capture_output=True,
        text=True,
        timeout=120,
    )


def echoing(card: SoundCard) -> Done:
    """With cancellation. The device hears what it plays, by 2 dB quieter, and nothing else."""
    card.pactl("load-module", "module-loopback", "source=speaker.monitor", "sink=micsink", "latency_msec=20")
    return doctor(card, "--acoustic", "--json", TWOMINDS_SOUND__ECHO_CANCELLATION="system")


def noisy(card: SoundCard) -> Done:
    """Without cancellation and without an echo, in a room with noise."""
    noise = np.random.default_rng(5).normal(0, NOISE_RMS, 60 * 16_000)
    talking = card.speak(Audio(noise.astype(np.int16).tobytes(), 16_000))
    try:
        return doctor(card, "--acoustic")
    finally:
        talking.kill()
        talking.wait()


STORIES: dict[str, tuple[type[SoundCard], Callable[[SoundCard], Done]]] = {
    "PulseAudio": (PulseAudio, echoing),
    "PipeWire": (PipeWire, echoing),
    "noisy": (PulseAudio, noisy),
}


Told = dict[str, "Future[Done]"]


def of(told: Told, story: str) -> Done:
    """What came of it. PipeWire 0.3.65 crashes now and then with its module for echo cancellation loaded."""
    try:
        return told[story].result()
    except subprocess.CalledProcessError as error:
        pytest.skip(f"the sound server is gone, it has crashed: {error}")


@pytest.fixture(scope="module")
def all_done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """At the same time, as each mostly waits for sound to pass."""
    cards = {name: server(tmp_path_factory.mktemp(name)) for name, (server, _) in STORIES.items()}
    try:
        for card in cards.values():
            card.start()
        with ThreadPoolExecutor() as threads:
            yield {name: threads.submit(tell, cards[name]) for name, (_, tell) in STORIES.items()}
    finally:
        for card in cards.values():
            card.kill()


@pytest.mark.parametrize("server", ["PulseAudio", "PipeWire"])
def test_an_echo_is_measured_and_its_cancellation_judged_and_kept(all_done: Told, server: str) -> None:
    """How well a server cancels on a busy machine is its own; what is said of it has to be true."""
    done = of(all_done, server)
    told, room = done.told, done.told["room"]
    assert 0.005 < room["delay_s"] < 0.4, done.err
    assert room["echo_db"] > -10
    without, cancelled = told["proof"]["without"], told["proof"]["cancelled"]
    assert without["likeness"] > 0.7
    assert without["voice_dbfs"] > -30
    assert without["voice_dbfs"] > cancelled["voice_dbfs"]
    assert (told["proof"]["microphone"], told["proof"]["speaker"]) == ("mic", "speaker")
    assert proven(done.state, "mic", "speaker", 85) is told["proven"]
    assert done.code == (0 if told["proven"] else 1)
    assert "Please be quiet" in done.err
    assert "echo-cancel" not in done.modules, "left behind"


def test_noise_is_measured_and_an_echo_not_made_up(all_done: Told) -> None:
    done = of(all_done, "noisy")
    assert "the tone did not come back" in done.out
    noise = re.search(r"noisy: (-\d+) dBFS", done.out)
    assert noise is not None
    assert int(noise[1]) == pytest.approx(NOISE_DBFS, abs=2)
    assert "by turns" in done.out
    assert done.code == 0
    assert not (done.state / FILE).exists()


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine without a sound server."""
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "home").mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run")}


def test_without_a_sound_card_it_says_so(alone: dict[str, str]) -> None:
    done = run(alone, "--acoustic")
    assert done.returncode == 1
    assert "There is no microphone on this machine" in done.stderr


def test_a_device_that_is_named_and_not_there_is_told_by_its_name(alone: dict[str, str]) -> None:
    done = run(alone, "--acoustic", TWOMINDS_SOUND__MICROPHONE="Jabra", TWOMINDS_SOUND__SPEAKER="Jabra")
    assert done.returncode == 1
    assert 'with "Jabra" in its name' in done.stderr


def test_the_pages_sound_is_not_measured(alone: dict[str, str]) -> None:
    done = run(alone, "--acoustic", TWOMINDS_SOUND__SPEAKER="page")
    assert done.returncode == 1
    assert "only the sound card's can be measured" in done.stderr


@pytest.fixture(params=[PulseAudio, PipeWire], ids=lambda server: server.__name__)
def card(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SoundCard]:
    card: SoundCard = request.param(tmp_path)
    try:
        card.start()
        yield card
    finally:
        card.kill()


def test_the_doctor_opens_what_the_settings_name_and_lists_what_they_may(card: SoundCard) -> None:
    done = doctor(card, "--json", TWOMINDS_SOUND__MICROPHONE="mic", TWOMINDS_SOUND__SPEAKER="Jabra")
    found = {finding["name"]: finding for finding in json.loads(done.out)}
    assert "PulseAudio" in found["sound server"]["detail"].replace("pulseaudio", "PulseAudio")
    assert "speaker" in found["sound devices"]["detail"]
    assert found["microphone"]["detail"].startswith("mic opens")
    assert found["speaker"]["state"] == "problem"
    assert 'no speaker with "Jabra" in its name' in found["speaker"]["detail"]
    assert "sound.speaker" in found["speaker"]["fix"]
    assert done.err == ""
    assert done.code == 1
