"""Looks at this machine: what works, what is missing, and the line that would mend it.

Every check tries the real thing (a word is spoken, a model is loaded, the microphone is opened) and stands
alone: one that fails never hides another. Nothing is changed; the whole takes some two seconds, each
check of the body 3 s at most, and that of System 2 8 s.
"""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from device import doctor_body, doctor_engines, doctor_kept, doctor_link, places
from device.config import Settings
from device.config_load import check, load
from device.contracts import FRAME_BYTES, RATE_HZ
from device.finding import Check, Finding, Machine, State

SPEAKING_S = 5.0
"""The longest that espeak-ng may take for one word; 10 to 20 ms are usual."""


def examine(env: Mapping[str, str], file: Path | None = None) -> list[Finding]:
    """Run every check. `file` stands in for the settings file that would be read.

    Settings that cannot be used are a finding; the other checks then go by the defaults.
    """
    file = file or places.settings_file(env)
    problems = check(file, env)
    settings = Settings() if problems else load(file, env).settings
    machine = Machine(settings, problems, file, env)
    return [_isolated(name, look, machine) for name, look in CHECKS.items()]


def as_json(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """One object for each, for a program."""
    return [{**asdict(finding), "state": finding.state.value} for finding in findings]


def exit_code(findings: Sequence[Finding]) -> int:
    """0 when all that is needed works, else 1."""
    broken = {State.MISSING, State.PROBLEM}
    return int(any(finding.needed and finding.state in broken for finding in findings))


def render(findings: Sequence[Finding], width: int = 80) -> str:
    """The findings as text: a mark, a name and a detail each, and below it what to do."""
    marks = {State.OK: "✓", State.SIMULATED: "~", State.MISSING: "✗", State.PROBLEM: "✗"}
    lines: list[str] = []
    for finding in findings:
        optional = " (optional)" if not finding.needed and finding.state is State.MISSING else ""
        head = f" {marks[finding.state]} {finding.name:<20} "
        lines += _wrapped(finding.detail + optional, head, width)
        if finding.fix:
            lines += _wrapped(finding.fix, " " * len(head) + "→ ", width)
    closing = (
        "All that is needed works." if exit_code(findings) == 0 else "Something that is needed does not work."
    )
    return "\n".join([*lines, "", closing])


def _wrapped(text: str, head: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=head,
        subsequent_indent=" " * len(head),
        break_long_words=False,
        break_on_hyphens=False,
    )


def _isolated(name: str, look: Check, machine: Machine) -> Finding:
    try:
        return look(machine)
    except Exception as error:  # noqa: BLE001  # whatever a broken machine throws is what was found
        return Finding(name, State.PROBLEM, f"the check itself failed: {type(error).__name__}: {error}")


# --- the checks ----------------------------------------------------------------------------------


def _python(machine: Machine) -> Finding:
    return Finding("Python", State.OK, f"{platform.python_version()} on {platform.machine()}")


def _board(machine: Machine) -> Finding:
    board = "a computer"
    with contextlib.suppress(OSError):
        board = Path("/proc/device-tree/model").read_text().rstrip("\0\n")
    pages, page_bytes = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    memory = f"{pages * page_bytes / 2**30:.1f} GiB of memory, {os.cpu_count()} cores"
    return Finding("board", State.OK, f"{board} with {memory}", needed=False)


def _settings(machine: Machine) -> Finding:
    if machine.settings_problems:
        first, *others = machine.settings_problems
        more = f" ({len(others)} more: twominds config check)" if others else ""
        return Finding("settings", State.PROBLEM, first + more, "correct it, then: twominds config check")
    return Finding(
        "settings", State.OK, str(machine.settings_file or "the defaults; there is no settings file")
    )


def _espeak(machine: Machine) -> Finding:
    """Lets espeak-ng speak a word in the voice of the settings."""
    name, voice = "voice: espeak-ng", machine.settings.voice.name
    program = shutil.which("espeak-ng", path=machine.env.get("PATH", os.defpath))
    if program is None:
        return Finding(name, State.MISSING, "not installed", "sudo apt-get install espeak-ng")
    try:
        spoken = subprocess.run(
            [program, "-v", voice, "--stdout", "ready"],
            capture_output=True,
            timeout=SPEAKING_S,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return Finding(
            name,
            State.PROBLEM,
            f"did not speak within {SPEAKING_S:g} s",
            "sudo apt-get install --reinstall espeak-ng",
        )
    if spoken.returncode != 0 or not spoken.stdout.startswith(b"RIFF"):
        said = spoken.stderr.decode(errors="replace").strip().splitlines()
        return Finding(
            name,
            State.PROBLEM,
            f"cannot speak as {voice!r}" + (f": {said[-1]}" if said else ""),
            "set voice.name to a voice of: espeak-ng --voices",
        )
    return Finding(name, State.OK, f"speaks as {voice!r}")


def _pocketsphinx(machine: Machine) -> Finding:
    """Loads the acoustic model and the dictionary that come with the package, with a grammar of one word."""
    name = "STT: pocketsphinx"
    if importlib.util.find_spec("pocketsphinx") is None:
        return Finding(name, State.MISSING, "not installed", "make run")
    import pocketsphinx

    decoder = pocketsphinx.Decoder(lm=None, loglevel="FATAL")
    decoder.add_jsgf_string("check", "#JSGF V1.0; grammar check; public <check> = hello;")
    return Finding(name, State.OK, "its English model loads; for commands only")


def _webrtcvad(machine: Machine) -> Finding:
    name = "VAD: webrtcvad"
    if importlib.util.find_spec("webrtcvad") is None:
        return Finding(name, State.MISSING, "not installed", "make run")
    import webrtcvad

    heard = webrtcvad.Vad(3).is_speech(bytes(FRAME_BYTES), RATE_HZ)
    state = State.PROBLEM if heard else State.OK
    return Finding(name, state, "takes digital silence for speech" if heard else "judges a frame")


def _silero(machine: Machine) -> Finding:
    """Loads the model that faster-whisper brings along, without importing faster-whisper."""
    name, needed = "VAD: Silero", machine.settings.engines.vad == "silero"
    package = importlib.util.find_spec("faster_whisper")
    if package is None or package.origin is None or importlib.util.find_spec("onnxruntime") is None:
        return Finding(name, State.MISSING, "not installed; webrtcvad listens alone", "make silero", needed)
    model = next(iter(sorted(Path(package.origin).parent.glob("assets/silero_vad*.onnx"))), None)
    if model is None:
        return Finding(
            name, State.MISSING, "this faster-whisper brings no Silero model", "make silero", needed
        )
    import onnxruntime

    onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return Finding(name, State.OK, f"{model.name} loads", needed=needed)


def _page(machine: Machine) -> Finding:
    """Binds the page's port for a moment."""
    name, panel = "page", machine.settings.panel
    if trouble := _trouble_with(panel.port):
        taken = trouble.errno == errno.EADDRINUSE
        detail = "is taken: perhaps twominds runs already" if taken else f"cannot be used: {trouble.strerror}"
        fix = "set another one: TWOMINDS_PANEL__PORT=0 takes any free port"
        return Finding(name, State.PROBLEM, f"port {panel.port} {detail}", fix)
    address = f"http://127.0.0.1:{panel.port}" if panel.port else "any free port of 127.0.0.1"
    return Finding(name, State.OK, f"{address} is free")


def _trouble_with(port: int) -> OSError | None:
    """Why nobody can listen at this port of loopback, if so."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError as error:
            return error
    return None


def _system_2(machine: Machine) -> Finding:
    """An agent that runs already keeps its connection: the gateway has one for each device."""
    return doctor_link.look(machine, greets=_trouble_with(machine.settings.panel.port) is None)


def _robot(machine: Machine) -> Finding:
    return Finding("robot", State.SIMULATED, "gestures are shown on the page", needed=False)


def _native(name: str, engine: doctor_engines.Engine) -> Check:
    def check_engine(machine: Machine) -> Finding:
        found = doctor_engines.look(engine, machine.settings, machine.env)
        state = State.OK if found.usable else State.MISSING
        return Finding(name, state, found.detail, found.fix, needed=engine.wanted(machine.settings))

    return check_engine


def _server(machine: Machine) -> Finding:
    name, needed = "System 1: server", machine.settings.engines.llm == "server"
    if not machine.settings.llm_server.url:
        return Finding(name, State.MISSING, "none is named", "llm_server.url names one", needed)
    found = doctor_engines.look_at_server(machine.settings)
    return Finding(name, State.OK if found.usable else State.PROBLEM, found.detail, found.fix, needed=True)


CHECKS: Mapping[str, Check] = {
    "Python": _python,
    "board": _board,
    "settings": _settings,
    "STT: pocketsphinx": _pocketsphinx,
    **{name: _native(name, engine) for name, engine in doctor_engines.ENGINES.items()},
    "System 1: server": _server,
    doctor_link.NAME: _system_2,
    "VAD: webrtcvad": _webrtcvad,
    "VAD: Silero": _silero,
    "voice: espeak-ng": _espeak,
    "page": _page,
    **doctor_body.CHECKS,
    "robot": _robot,
    **doctor_kept.CHECKS,
}
