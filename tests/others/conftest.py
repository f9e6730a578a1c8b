"""The servers, each in its own environment, started once for the tests of a file."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from device.contracts import Audio

from .driver import recording

ROOT = Path(__file__).resolve().parents[2]


STARTS_S = 240.0
"""The first start compiles what a later one finds: it took 80 s on two busy cores."""


@contextmanager
def serving(name: str) -> Iterator[str]:
    """Host and port of `NAME_server.py`, which runs in `.venv-NAME`."""
    python = ROOT / f".venv-{name}" / "bin" / "python"
    if not python.exists():
        pytest.fail(f"{name} is not installed for the tests: scripts/setup.sh others")
    program = [python, Path(__file__).with_name(f"{name}_server.py")]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        too_late = threading.Timer(STARTS_S, process.kill)
        too_late.start()
        port = int(process.stdout.readline() or pytest.fail(f"{name} did not start"))
        too_late.cancel()
        socket.create_connection(("127.0.0.1", port), timeout=20).close()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


@pytest.fixture(scope="module")
def fastrtc() -> Iterator[str]:
    with serving("fastrtc") as host:
        yield host


@pytest.fixture(scope="module")
def pipecat() -> Iterator[str]:
    with serving("pipecat") as host:
        yield host


@pytest.fixture(scope="session")
def question(shared_data: Path) -> Audio:
    """A real recording: 2.8 s, the last half second of it silent."""
    return recording(shared_data / "speech" / "ps_goforward.wav")
