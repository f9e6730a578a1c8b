"""A device's link and a gateway at the two ends of a cable, by TLS: what crosses it while they do what."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from provisioning.identity import own_identity
from tests.device.link.certificates import Authority
from tests.namespaces import THERE, Cable, Counted, cable

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Wire:
    """Both ends are up."""

    cable: Cable
    device: subprocess.Popen[str]

    def tell(self, command: str) -> Any:
        """The device's answer."""
        assert self.device.stdin is not None
        assert self.device.stdout is not None
        print(command, file=self.device.stdin, flush=True)
        return json.loads(self.device.stdout.readline())

    def crossed(self, command: str) -> tuple[Counted, Any]:
        """What crossed the cable while a command was carried out, and its answer."""
        before = self.cable.counted()
        answer = self.tell(command)
        return self.cable.counted() - before, answer

    def idle(self, seconds: float) -> Counted:
        before = self.cable.counted()
        time.sleep(seconds)
        return self.cable.counted() - before


@contextlib.contextmanager
def wire(folder: Path, frame_ms: int = 60) -> Iterator[Wire]:
    """Laid, joined, greeted; ended with both programs."""
    authority = Authority(folder)
    certificate = str(authority.server_file(THERE))
    state = folder / "state"
    identity = own_identity(state / "identity" / "device.key")
    far = (sys.executable, "-m", "tests.far_end", str(folder), THERE, certificate, identity.public_key)
    with contextlib.ExitStack() as ends:
        laid = ends.enter_context(cable())
        gateway = ends.enter_context(_at(laid, laid.there, far))
        assert gateway.stdout is not None
        host = gateway.stdout.readline().strip()
        url = f"wss://{host}/v1/device"
        near = (sys.executable, "-m", "tests.near_end", url, str(authority.file), str(frame_ms), str(state))
        joined = Wire(laid, ends.enter_context(_at(laid, laid.here, near)))
        joined.tell("up")
        yield joined


@contextlib.contextmanager
def _at(laid: Cable, end: str, command: tuple[str, ...]) -> Iterator[subprocess.Popen[str]]:
    """A program that ends when its input does."""
    program = laid.start(end, command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield program
    finally:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.close()
        try:
            program.wait(10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
        program.stdout.close()
