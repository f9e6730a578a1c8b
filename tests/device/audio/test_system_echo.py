"""Echo cancellation by real sound servers: what is loaded, found again after a crash, and taken away."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.audio.system_echo import EARS, VOICE, SystemEchoCancellation
from tests.sound_card import PipeWire, PulseAudio, SoundCard
from tests.sound_process import SoundProcess

VARIABLES = ("HOME", "XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "PULSE_STATE_PATH", "XDG_CONFIG_HOME")


@pytest.fixture(params=[PulseAudio, PipeWire], ids=lambda server: server.__name__)
def card(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SoundCard]:
    """Its server is this process's, too."""
    card: SoundCard = request.param(tmp_path)
    for variable in VARIABLES:
        monkeypatch.setenv(variable, card.env[variable])
    try:
        card.start()
        yield card
    finally:
        card.kill()


def modules(card: SoundCard) -> list[str]:
    lines = card.pactl("list", "short", "modules").splitlines()
    return [line for line in lines if "\tmodule-echo-cancel\t" in line]


def devices(card: SoundCard) -> str:
    return card.pactl("list", "short", "sources") + card.pactl("list", "short", "sinks")


def gone(card: SoundCard, name: str) -> bool:
    """Soon: PipeWire takes a device away a little after its module."""
    give_up_s = time.monotonic() + 3
    while name in devices(card) and time.monotonic() < give_up_s:
        time.sleep(0.05)
    return name not in devices(card)


def finished_process() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_it_is_loaded_once_for_the_wanted_devices_and_nothing_is_left(card: SoundCard) -> None:
    echo = SystemEchoCancellation("mic", "auto")
    assert echo.works()
    assert echo.works()
    assert echo.masters == ("mic", "speaker")
    assert len(modules(card)) == 1
    assert EARS in devices(card)
    assert VOICE in devices(card)
    echo.close()
    echo.close()
    assert echo.masters is None
    assert modules(card) == []
    assert gone(card, EARS)


def test_after_the_server_was_killed_it_is_loaded_again(card: SoundCard) -> None:
    echo = SystemEchoCancellation("auto", "auto")
    assert echo.works()
    card.kill()
    assert not echo.works()
    assert echo.masters is None
    assert "PulseAudio or PipeWire" in echo.why_not
    card.restore()
    assert echo.works()
    assert echo.why_not == ""
    assert len(modules(card)) == 1
    echo.close()
    assert modules(card) == []


def test_what_a_killed_process_left_is_taken_away_and_a_living_ones_is_not(card: SoundCard) -> None:
    dead, living = finished_process(), os.getppid()
    for process in (dead, living):
        name = f"source_name=twominds_ears_{process}"
        card.pactl("load-module", "module-echo-cancel", name, "source_master=mic", "sink_master=speaker")
    echo = SystemEchoCancellation("auto", "auto")
    assert echo.works()
    assert echo.masters == ("mic", "speaker")
    assert not any(f"ears_{dead} " in line for line in modules(card))
    echo.close()
    assert [f"ears_{living} " in line for line in modules(card)] == [True]


def test_without_the_wanted_device_it_says_which_one_lacks(card: SoundCard) -> None:
    echo = SystemEchoCancellation("Jabra", "auto")
    assert not echo.works()
    assert 'no microphone with "Jabra" in its name' in echo.why_not
    assert modules(card) == []


def test_without_pactl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    echo = SystemEchoCancellation("auto", "auto")
    assert not echo.works()
    assert "pulseaudio-utils" in echo.why_not


def ways(process: SoundProcess) -> tuple[bool, bool]:
    """Whether microphone and speaker are those of the module."""
    state = process.ask("state")
    return state["microphone"].startswith("twominds_ears"), state["speaker"].startswith("twominds_voice")


def both_come_back(process: SoundProcess) -> bool:
    give_up_s = time.monotonic() + 15
    while ways(process) != (True, True) and time.monotonic() < give_up_s:
        time.sleep(0.1)
    process.heard()
    time.sleep(0.5)
    return ways(process) == (True, True) and len(process.heard()[0]) > 0


@pytest.mark.parametrize("card", [PulseAudio], indirect=True)
def test_when_the_server_was_killed_both_streams_come_back_by_way_of_it(card: SoundCard) -> None:
    with SoundProcess(card.env, echo_cancellation="system") as process:
        assert ways(process) == (True, True)
        card.kill()
        process.trouble("microphone", within_s=3)
        card.restore()
        process.cured("microphone", within_s=15)
        assert both_come_back(process)
        assert process.end()[0] == 0
    assert modules(card) == []


@pytest.mark.parametrize("card", [PipeWire], indirect=True)
def test_a_microphone_that_is_unplugged_behind_the_module_is_noticed(card: SoundCard) -> None:
    """PipeWire's module outlives it and gives silence."""
    with SoundProcess(card.env, microphone="mic", speaker="speaker", echo_cancellation="system") as process:
        card.unplug_microphone()
        assert "The microphone (mic) is gone" in process.trouble("microphone", within_s=3)["why"]
        card.plug_microphone()
        process.cured("microphone", within_s=15)
        assert both_come_back(process)
        assert process.end()[0] == 0
    assert modules(card) == []
