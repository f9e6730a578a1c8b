"""Which device is meant; a sound server is a made-up `pactl`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from device.audio.sound_devices import AUTO, SoundDevice, find
from device.audio.sound_server import Direction
from device.errors import AudioDeviceError

HARDWARE = SoundDevice(0, "USB Audio: - (hw:1,0)", "ALSA", 1, 2, 48_000)
SERVER = SoundDevice(1, "pulse", "ALSA", 32, 32, 44_100)
SOURCES = [
    {"index": 1, "name": "alsa_input.usb-Jabra", "description": "Jabra SPEAK 510", "properties": {}},
    {"index": 2, "name": "alsa_input.pci", "description": "Built-in Audio", "properties": {}},
    {
        "index": 3,
        "name": "alsa_output.monitor",
        "description": "Monitor of Built-in Audio",
        "properties": {"device.class": "monitor"},
    },
]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a `pactl` that tells of these sources, the built-in one being the default."""
    program = tmp_path / "pactl"
    program.write_text(
        "#!/bin/sh\n"
        f"case \"$*\" in *get-default-source*) echo alsa_input.pci;; *) echo '{json.dumps(SOURCES)}';; esac\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    return tmp_path


def source(wanted: str, default_index: int = 1) -> str:
    return find([HARDWARE, SERVER], default_index, Direction.INPUT, wanted).name


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (AUTO, "alsa_input.pci"),
        ("jabra", "alsa_input.usb-Jabra"),
        ("Built-in", "alsa_input.pci"),
        ("pulse", "alsa_input.pci"),
        ("hw:1", "USB Audio: - (hw:1,0)"),
    ],
)
def test_a_name_is_looked_for_on_the_card_and_then_on_the_server(wanted: str, name: str) -> None:
    assert source(wanted) == name


@pytest.mark.usefixtures("server")
def test_a_monitor_of_a_speaker_is_no_microphone() -> None:
    with pytest.raises(AudioDeviceError, match='no microphone with "monitor"'):
        source("monitor")


@pytest.mark.usefixtures("server")
def test_the_servers_own_variable_counts_where_no_name_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULSE_SOURCE", "alsa_input.usb-Jabra")
    assert source(AUTO) == "alsa_input.usb-Jabra"
    assert source("Built-in") == "alsa_input.pci"


@pytest.mark.usefixtures("server")
def test_a_default_that_is_hardware_is_taken_without_asking_a_server() -> None:
    assert source(AUTO, default_index=0) == HARDWARE.name


def test_without_a_server_its_device_is_taken_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("PULSE_SOURCE", raising=False)
    assert source(AUTO) == "pulse"
    with pytest.raises(AudioDeviceError, match='no microphone with "jabra"'):
        source("jabra")
