"""Thin mode as a process: a press on a mock pin, real sound, a light, and little memory."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from device.audio.recording import load
from device.contracts import Audio
from tests.sound_card import PulseAudio, SoundCard

ROOT = Path(__file__).resolve().parents[2]
READY = "twominds is ready, in thin mode"
MOST_MIB = 60
BY_S = 0.25
"""100 ms are the goal, measured by the bench; the sound server and a busy machine come on top."""
ALSA_ALONE = """
pcm.!default { type null }
ctl.!default { type hw card 0 }
"""


class Thin:
    """A device in thin mode whose pins a test can touch."""

    def __init__(self, env: dict[str, str], button: str = "up") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.thin_driver", button],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert READY in self._process.stdout.readline()

    def __call__(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def until(self, condition: Callable[[], bool], within_s: float = 8.0) -> None:
        give_up_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < give_up_s
            time.sleep(0.02)

    def memory_kib(self) -> dict[str, int]:
        lines = Path(f"/proc/{self._process.pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
        return {name.rstrip(":"): int(kib) for name, kib, *_ in (line.split() for line in lines)}

    def end(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()


@contextlib.contextmanager
def thin(env: dict[str, str], button: str = "up") -> Iterator[Thin]:
    device = Thin(env, button)
    try:
        yield device
    finally:
        device.end()


@pytest.fixture
def card(tmp_path: Path) -> Iterator[SoundCard]:
    card = PulseAudio(tmp_path)
    card.start()
    yield card
    card.kill()


@pytest.fixture
def speech(shared_data: Path) -> Audio:
    return load(shared_data / "speech" / "sb_spk1_snt5.wav").audio


def is_blue(device: Thin) -> bool:
    light = device("light")
    return bool(light["blue"] > 0.2 and light["green"] < 0.1)


def is_cyan(device: Thin) -> bool:
    light = device("light")
    return bool(light["green"] > 0.2 and light["blue"] > 0.2 and light["red"] == 0)


def test_a_press_is_lit_heard_and_told_that_nobody_here_can_answer(card: SoundCard, speech: Audio) -> None:
    with thin(card.env) as device, card.recording() as recorder:
        device("down")
        device.until(lambda: is_blue(device))
        card.speak(speech).wait()
        device("up")
        device.until(lambda: not recorder.heard().silent)
        assert not is_blue(device)


def test_with_the_loop_hung_the_button_still_silences_the_speaker(card: SoundCard, speech: Audio) -> None:
    with thin(card.env) as device, card.recording() as recorder:
        device("down")
        card.speak(speech).wait()
        device("up")
        device.until(lambda: not recorder.heard().silent)
        time.sleep(0.5)
        device("hang 2")
        time.sleep(0.3)
        pressed_s = device("down")
        time.sleep(1)
        sounded_s = recorder.heard().audible_s()[1]
        assert pressed_s - 0.1 < sounded_s, "it was speaking, hung or not"
        assert sounded_s - pressed_s < BY_S


def test_held_at_power_on_it_sets_up_and_says_so_by_its_light(card: SoundCard) -> None:
    with thin(card.env, "held") as device:
        device.until(lambda: is_cyan(device))
        device("up")
        device("down")
        time.sleep(0.3)
        assert not is_blue(device), "a press in setup mode is no talk"


def test_it_is_small_where_no_sound_server_is_between(tmp_path: Path) -> None:
    """As on a board without libasound2-plugins: what ALSA loads is ALSA alone."""
    (tmp_path / "alsa.conf").write_text(ALSA_ALONE)
    alone = {"ALSA_CONFIG_PATH": str(tmp_path / "alsa.conf"), "XDG_RUNTIME_DIR": str(tmp_path)}
    with thin({**os.environ, **alone}) as device:
        device("down")
        time.sleep(0.3)
        device("up")
        time.sleep(1)
        assert device.memory_kib()["Rss"] / 1024 < MOST_MIB
