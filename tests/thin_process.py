"""A device in thin mode, as a process whose pins a program can touch (`tests.thin_driver`)."""

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

ROOT = Path(__file__).resolve().parents[1]
READY = "twominds is ready, in thin mode"


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
        self.start_screen = []
        """Its lines."""
        for line in iter(self._process.stdout.readline, ""):
            self.start_screen.append(line)
            if READY in line:
                break
        else:
            self.end()
            raise AssertionError("thin mode ended at once")

    def __call__(self, line: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def until(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
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


def alsa_alone(folder: Path) -> dict[str, str]:
    """An environment in which ALSA knows one device that swallows sound, and loads none of its plugins."""
    (folder / "alsa.conf").write_text("pcm.!default { type null }\n")
    return {
        **os.environ,
        "ALSA_CONFIG_PATH": str(folder / "alsa.conf"),
        "XDG_RUNTIME_DIR": str(folder),
        "PULSE_SERVER": "none",
    }
