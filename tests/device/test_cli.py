"""The commands as a person runs them: what they print, and their exit codes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
needs_voice = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="needs espeak-ng")


def twominds(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """`twominds …` in a process of its own, with settings from nowhere but `env`."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "device.cli", *arguments],
        cwd=ROOT,
        env=kept | {"XDG_CONFIG_HOME": "/nonexistent", "PYTHONPATH": str(ROOT)} | env,
        capture_output=True,
        text=True,
        timeout=120,
    )


@needs_voice
def test_ask_prints_what_was_heard_and_answered_and_writes_the_sound(tmp_path: Path) -> None:
    done = twominds("ask", "what is six times seven", "--out", str(tmp_path / "reply.wav"))
    assert done.returncode == 0, done.stderr
    assert "heard   what is six times seven" in done.stdout
    assert "forty-two" in done.stdout or "42" in done.stdout
    assert soundfile.info(tmp_path / "reply.wav").duration > 0.5


@needs_voice
def test_ask_and_replay_speak_json(tmp_path: Path) -> None:
    subprocess.run(["espeak-ng", "-w", str(tmp_path / "a.wav"), "tell me a joke"], check=True)
    asked = json.loads(twominds("ask", "--wav", str(tmp_path / "a.wav"), "--json").stdout)
    lines = twominds("replay", "--fast", "--json", str(tmp_path)).stdout.splitlines()
    fields = {
        "file",
        "transcript",
        "asked",
        "rival",
        "falls",
        "route",
        "reply",
        "spoken_s",
        "stages_ms",
        "error",
    }
    assert len(lines) == 1
    assert set(asked) == set(json.loads(lines[0])) == fields


@needs_voice
def test_replay_goes_on_after_a_bad_file_and_fails_at_the_end(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_text("not sound")
    subprocess.run(["espeak-ng", "-w", str(tmp_path / "b.wav"), "tell me a joke"], check=True)
    done = twominds("replay", "--fast", str(tmp_path))
    assert done.returncode == 1
    assert "b.wav" in done.stdout
    assert "b.wav" in done.stdout


def test_identity_tells_who_the_device_is_and_is_the_same_every_time(tmp_path: Path) -> None:
    first = twominds("identity", XDG_STATE_HOME=str(tmp_path))
    assert first.returncode == 0, first.stderr
    told = json.loads(twominds("identity", "--json", XDG_STATE_HOME=str(tmp_path)).stdout)
    assert told["register"] == f".venv/bin/python -m gateway devices add {told['public_key']}"
    assert first.stdout.splitlines() == [
        f"device id   {told['device_id']}",
        f"public key  {told['public_key']}",
        f"register    {told['register']}",
    ]
    assert (len(told["device_id"]), len(told["public_key"])) == (16, 43)


def test_an_identity_that_cannot_be_kept_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = twominds("identity", XDG_STATE_HOME=str(tmp_path / "file"))
    assert done.returncode == 1
    assert done.stderr.startswith("twominds: ")
    assert "cannot be read or kept" in done.stderr


@pytest.mark.parametrize("port", ["70000", "-1", "x", ""])
def test_a_port_that_cannot_be_is_a_wrong_argument(port: str) -> None:
    done = twominds("run", f"--port={port}")
    assert done.returncode == 2
    assert "give a whole number from 0 to 65535" in done.stderr


@pytest.mark.parametrize("text", ["", "  "])
def test_ask_without_words_is_a_wrong_argument(text: str) -> None:
    done = twominds("ask", text)
    assert done.returncode == 2
    assert "there is nothing to answer" in done.stderr


def test_ask_about_a_missing_file_is_one_sentence() -> None:
    done = twominds("ask", "--wav", "/nowhere/x.wav")
    assert done.returncode == 1
    assert done.stderr == "twominds: /nowhere/x.wav does not exist: check the name.\n"


def test_a_reply_that_could_not_be_written_is_not_asked_for() -> None:
    done = twominds("ask", "hello", "--out", "/nowhere/reply.wav")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "twominds: /nowhere/reply.wav cannot be written: there is no folder /nowhere.\n"


def test_a_wrong_setting_is_refused_with_path_value_and_suggestion() -> None:
    done = twominds("ask", "hello", TWOMINDS_TALK__MODE="togle")
    assert done.returncode == 1
    for part in ("talk.mode", "togle", "toggle", "TWOMINDS_TALK__MODE"):
        assert part in done.stderr


def test_config_check_finds_every_mistake_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "twominds.toml"
    file.write_text('[talk]\nmode = "hold"\npatiens_s = 1\n[voice]\nvolume = 300\n')
    done = twominds("config", "check", str(file))
    assert done.returncode == 1
    assert "patience_s" in done.stdout
    assert "voice.volume" in done.stdout
    file.write_text('[system2]\nurl = "https://gateway.example"\n')
    assert "system2.url" in twominds("config", "check", str(file)).stdout
    file.write_text("[voice]\nvolume = 30\n")
    assert twominds("config", "check", str(file)).returncode == 0


def test_config_show_is_a_settings_file_again(tmp_path: Path) -> None:
    shown = twominds("config", "show", TWOMINDS_VOICE__VOLUME="33")
    assert "volume = 33" in shown.stdout
    (tmp_path / "again.toml").write_text(shown.stdout)
    assert twominds("config", "check", str(tmp_path / "again.toml")).returncode == 0


@needs_voice
def test_doctor_finds_a_machine_that_can_talk() -> None:
    done = twominds("doctor", TWOMINDS_PANEL__PORT="0")
    assert done.returncode == 0, done.stdout
    assert "All that is needed works." in done.stdout


def test_doctor_without_a_voice_says_how_to_get_one() -> None:
    done = twominds("doctor", PATH="/nonexistent", TWOMINDS_PANEL__PORT="0")
    assert done.returncode == 1
    assert "apt-get install" in done.stdout


@needs_voice
def test_a_second_agent_is_told_in_one_sentence_that_the_port_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = twominds("run", "--port", port)
    assert done.returncode == 1
    told = [line for line in done.stderr.splitlines() if not line.startswith("20")]
    assert len(told) == 1
    assert told[0].startswith(f"twominds: The page cannot be served: port {port} of this machine is taken")


@needs_voice
@pytest.mark.parametrize(("ending", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_the_agent_ends_in_order_when_it_is_told_to(ending: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "device.cli", "run", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as agent:
        assert agent.stdout is not None
        assert any(line.startswith("Talk:") for line in agent.stdout)
        agent.send_signal(ending)
        try:
            _, told = agent.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            agent.kill()
            raise
    assert agent.returncode == code
    assert "Traceback" not in told


def test_no_command_can_open_a_connection_past_the_egress_module() -> None:
    story = """
import socket
from device import cli
cli.main(["config", "show"])
socket.create_connection(("192.0.2.1", 9), timeout=1)
"""
    done = subprocess.run([sys.executable, "-c", story], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert "EgressDenied: A connection to 192.0.2.1 port 9 was refused" in done.stderr


@needs_voice
def test_a_reader_who_has_had_enough_is_no_error() -> None:
    asking = [sys.executable, "-m", "device.cli", "ask", "hello"]
    with subprocess.Popen(
        asking, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as asked:
        assert asked.stdout is not None
        asked.stdout.close()
        assert asked.stderr is not None
        assert "BrokenPipe" not in asked.stderr.read()


@pytest.mark.parametrize("command", [["ask"], ["nonsense"], ["ask", "a", "--wav", "b"], []])
def test_wrong_arguments_are_refused_with_the_usage(command: list[str]) -> None:
    done = twominds(*command)
    assert done.returncode == 2
    assert "usage: twominds" in done.stderr
