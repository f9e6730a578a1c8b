"""The gateway as a process of its own, on a free port of loopback: what tests and measurements talk to."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
STARTS_WITHIN_S = 60
_ADDRESS = re.compile(r"(wss?)://(\S+)/v1/device")


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway that is ready."""

    process: subprocess.Popen[str]
    host: str
    """Host and port."""
    scheme: str
    """ws, or wss where the settings name a certificate."""
    data: Path
    told: list[str]
    """What it has printed so far."""

    @property
    def device_url(self) -> str:
        """What `system2.url` is set to."""
        return f"{self.scheme}://{self.host}/v1/device"

    @property
    def url(self) -> str:
        return f"{self.scheme.replace('ws', 'http')}://{self.host}"

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    @property
    def database(self) -> Path:
        return self.data / "gateway.sqlite"

    def rest(self) -> httpx.Client:
        """A client of the REST API, with the token."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=20)

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def running_gateway(data: Path, **settings: str | float) -> Iterator[Running]:
    """Starts it with these settings (`llm__base_url="…"`) and waits until it is ready; ends it afterwards.

    Without any: the scripted mind, no ears, no voice; devices of this machine are registered by themselves.
    Several may share one `data`.
    """
    given = {"data": data, "enrolment": "loopback", "listen__port": 0, **settings}
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("GATEWAY_", "TWOMINDS_"))
    }
    env |= {f"GATEWAY_{name.upper()}": str(value) for name, value in given.items()}
    command = [sys.executable, "-m", "gateway", "serve"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    told: list[str] = []
    try:
        scheme, host = _ready(process, told)
        yield Running(process, host, scheme, data, told)
    finally:
        process.kill()
        process.wait()


def _ready(process: subprocess.Popen[str], told: list[str]) -> tuple[str, str]:
    """Scheme, and host and port, once it says them; from then on what it says is read all the same."""
    assert process.stdout is not None
    stopping = threading.Timer(STARTS_WITHIN_S, process.kill)
    stopping.start()
    try:
        for line in process.stdout:
            told.append(line)
            if found := _ADDRESS.search(line):
                threading.Thread(target=told.extend, args=(process.stdout,), daemon=True).start()
                return found[1], found[2]
    finally:
        stopping.cancel()
    raise AssertionError("The gateway did not start:\n" + "".join(told))
