"""The doctor's look at the body where there is none; with sound servers: tests/test_acoustic_doctor.py."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from device import doctor_body
from device.config import Settings, Sound
from device.finding import Finding, Machine, State

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whatever runs on this machine is not found."""
    folder = tmp_path / "run"
    folder.mkdir(mode=0o700)
    for variable in ("XDG_RUNTIME_DIR", "HOME", "PULSE_RUNTIME_PATH"):
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.delenv("PULSE_SERVER", raising=False)
    return folder


def found(name: str, settings: Settings, **env: str) -> Finding:
    return doctor_body.CHECKS[name](Machine(settings, (), None, {**os.environ, **env}))


def as_process(**settings: str) -> dict[str, dict[str, Any]]:
    """The findings by name. gpiozero reads its environment when it is first used."""
    done = subprocess.run(
        [sys.executable, "-m", "device.cli", "doctor", "--json"],
        cwd=ROOT,
        env={**os.environ, "XDG_CONFIG_HOME": "/nonexistent", "TWOMINDS_PANEL__PORT": "0", **settings},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return {finding["name"]: finding for finding in json.loads(done.stdout)}


def test_where_the_settings_name_nothing_the_page_serves() -> None:
    for name in ("microphone", "speaker", "button", "light"):
        finding = found(name, Settings())
        assert (finding.state, finding.needed) == (State.SIMULATED, False), name
        assert "page" in finding.detail


def test_where_the_page_is_named_no_device_is_looked_for() -> None:
    finding = found("microphone", Settings(sound=Sound(microphone="page")))
    assert finding.detail == "the page lends the browser's microphone"


@pytest.mark.parametrize("part", ["microphone", "speaker"])
def test_a_device_that_is_named_and_not_there_is_a_problem_that_matters(part: str) -> None:
    finding = found(part, Settings(sound=Sound(microphone="Jabra", speaker="Jabra")))
    assert (finding.state, finding.needed) == (State.PROBLEM, True)
    assert '"Jabra" in its name' in finding.detail
    assert f"sound.{part}" in finding.fix


def test_without_a_sound_server_there_is_alsa_alone_unless_echo_is_to_be_cancelled() -> None:
    assert found("sound server", Settings()).state is State.OK
    finding = found("sound server", Settings(sound=Sound(echo_cancellation="system")))
    assert finding.state is State.PROBLEM
    assert "sound.echo_cancellation" in finding.fix


def test_another_users_runtime_folder_is_told(tmp_path: Path) -> None:
    other = next(user for user in pwd.getpwall() if user.pw_uid != os.getuid())
    folder = tmp_path / "other"
    folder.mkdir()
    try:
        os.chown(folder, other.pw_uid, -1)
    except PermissionError:
        pytest.skip("needs root")
    finding = found("sound server", Settings(), XDG_RUNTIME_DIR=str(folder))
    assert finding.state is State.PROBLEM
    assert finding.fix == f"run twominds as {other.pw_name}, without sudo"


def test_without_pactl_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert found("sound server", Settings()).fix == "sudo apt install pulseaudio-utils"


def test_pins_are_tried_and_let_go() -> None:
    mock = {"GPIOZERO_PIN_FACTORY": "mock", "GPIOZERO_MOCK_PIN_CLASS": "mockpwmpin"}
    findings = as_process(TWOMINDS_BUTTON__PIN="GPIO17", TWOMINDS_LIGHTS__KIND="rgb", **mock)
    assert findings["button"]["detail"] == "GPIO17 can be read"
    assert findings["light"]["detail"] == "1 LED can be switched"


def test_what_cannot_be_opened_says_why_and_does_not_stop_the_device() -> None:
    findings = as_process(
        TWOMINDS_BUTTON__KEYBOARD="Presenter",
        TWOMINDS_LIGHTS__KIND="ring",
        TWOMINDS_LIGHTS__DEVICE="/dev/spidev9.9",
    )
    assert '"Presenter" in its name' in findings["button"]["detail"]
    assert "There is no SPI device" in findings["light"]["detail"]
    for name in ("button", "light"):
        assert (findings[name]["state"], findings[name]["needed"]) == ("problem", False)
