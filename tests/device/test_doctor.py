"""The checks look at this very machine; what is missing is made so by an environment that lacks it."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path

import pytest

from device import doctor
from device.doctor import exit_code, render
from device.finding import Finding, State


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """A fresh home and any free port: nothing of the machine's own twominds is in the way."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TWOMINDS_PANEL__PORT": "0"}


def found(env: Mapping[str, str], name: str, file: Path | None = None) -> Finding:
    return next(finding for finding in doctor.examine(env, file) if finding.name == name)


def program(folder: Path, script: str) -> str:
    """A folder with an espeak-ng that is this shell script; a PATH."""
    espeak = folder / "espeak-ng"
    espeak.write_text(f"#!/bin/sh\n{script}\n")
    espeak.chmod(0o755)
    return str(folder)


def test_a_machine_that_was_set_up_passes(env: Mapping[str, str]) -> None:
    findings = doctor.examine(env)
    assert exit_code(findings) == 0, render(findings)
    assert {finding.name for finding in findings} == set(doctor.CHECKS)


def test_an_empty_path_hides_espeak_and_nothing_else(env: dict[str, str]) -> None:
    findings = doctor.examine(env | {"PATH": ""})
    broken = [
        finding for finding in findings if finding.needed and finding.state in (State.MISSING, State.PROBLEM)
    ]
    assert [finding.name for finding in broken] == ["voice: espeak-ng"]
    assert broken[0].fix == "sudo apt-get install espeak-ng"
    assert exit_code(findings) == 1


def test_a_voice_that_espeak_does_not_have_is_a_problem(env: dict[str, str]) -> None:
    finding = found(env | {"TWOMINDS_VOICE__NAME": "atlantean"}, "voice: espeak-ng")
    assert finding.state is State.PROBLEM
    assert "atlantean" in finding.detail


def test_an_espeak_that_makes_no_sound_is_a_problem(env: dict[str, str], tmp_path: Path) -> None:
    finding = found(env | {"PATH": program(tmp_path, "echo broken >&2")}, "voice: espeak-ng")
    assert (finding.state, finding.detail) == (State.PROBLEM, "cannot speak as 'en': broken")


def test_settings_that_cannot_be_used_are_a_finding_and_the_rest_goes_on(env: dict[str, str]) -> None:
    findings = doctor.examine(env | {"TWOMINDS_TALK__MODE": "loud", "TWOMINDS_X": ""})
    (settings,) = [finding for finding in findings if finding.name == "settings"]
    assert settings.state is State.PROBLEM
    assert settings.detail.startswith('talk.mode is "loud"')
    assert "1 more" in settings.detail
    assert len(findings) == len(doctor.CHECKS)


def test_a_settings_file_that_is_not_there_is_a_problem(env: dict[str, str], tmp_path: Path) -> None:
    assert found(env, "settings", tmp_path / "absent.toml").state is State.PROBLEM


def test_a_taken_port_is_a_problem(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        finding = found(env | {"TWOMINDS_PANEL__PORT": str(port)}, "page")
    assert finding.state is State.PROBLEM
    assert f"port {port} is taken" in finding.detail


def test_a_page_that_is_switched_off_needs_no_port(env: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = {"TWOMINDS_PANEL__PORT": str(server.getsockname()[1]), "TWOMINDS_PANEL__ENABLED": "false"}
        assert found(env | taken, "page").state is State.OK


def test_a_state_directory_that_cannot_be_is_a_problem(env: dict[str, str]) -> None:
    finding = found(env | {"STATE_DIRECTORY": "/proc/twominds"}, "state directory")
    assert finding.state is State.PROBLEM
    assert "/proc" in finding.detail


def test_nothing_is_created(env: dict[str, str], tmp_path: Path) -> None:
    doctor.examine(env)
    assert list(tmp_path.iterdir()) == []


def test_a_check_that_breaks_is_a_problem_of_its_own(env: dict[str, str], tmp_path: Path) -> None:
    """An espeak-ng that is no program at all."""
    folder = program(tmp_path, "")
    (tmp_path / "espeak-ng").write_bytes(b"\x7fELF nonsense")
    findings = doctor.examine(env | {"PATH": folder})
    (espeak,) = [finding for finding in findings if finding.name == "voice: espeak-ng"]
    assert espeak.state is State.PROBLEM
    assert "OSError" in espeak.detail
    assert len(findings) == len(doctor.CHECKS)


def test_an_optional_part_may_be_missing() -> None:
    optional = Finding("extra", State.MISSING, "not installed", "make extra", needed=False)
    assert exit_code([optional]) == 0
    assert "(optional)" in render([optional])
    assert exit_code([Finding("voice", State.MISSING, "not installed")]) == 1
    assert exit_code([Finding("robot", State.SIMULATED, "on the page")]) == 0


def test_every_line_fits_and_the_fix_stands_below(env: dict[str, str]) -> None:
    short = {"PATH": "", "TWOMINDS_TALK__MODE": "loud", "STATE_DIRECTORY": "/tmp"}
    text = render(doctor.examine(env | short))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "→ sudo apt-get install espeak-ng" in text


def test_silero_is_needed_only_when_it_is_asked_for(env: dict[str, str]) -> None:
    assert found(env, "VAD: Silero").needed is False
    assert found(env | {"TWOMINDS_ENGINES__VAD": "silero"}, "VAD: Silero").needed is True
