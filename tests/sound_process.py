"""A process with the device's own sound (`tests.sound_driver`), as a test leads it."""

from __future__ import annotations

import base64
import json
import queue
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
ANSWER_S = 10.0


class SoundProcess:
    def __init__(self, env: dict[str, str], **settings: Any) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sound_driver", json.dumps(settings)],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._seen: list[dict[str, Any]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        self.opened = self.wait_for("open")

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, do: str, **arguments: Any) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._process.stdin.flush()
        return self.wait_for("answer")["answer"]

    def wait_for(self, event: str, within_s: float = ANSWER_S, **what: Any) -> dict[str, Any]:
        """The next such event; those that come before it are kept for later."""
        give_up_s = time.monotonic() + within_s
        for seen in self._seen:
            if _is(seen, event, what):
                self._seen.remove(seen)
                return seen
        while True:
            try:
                told = self._events.get(timeout=max(0.0, give_up_s - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {event} {what} within {within_s} s, only {self._seen}") from None
            assert told is not None, f"the process has ended before {event}: {self.complaints()}"
            if _is(told, event, what):
                return told
            self._seen.append(told)

    def trouble(self, part: str, within_s: float) -> dict[str, Any]:
        """The next thing that is told to be wrong with a part."""
        return self.wait_for("trouble", within_s, part=part, wrong=True)

    def cured(self, part: str, within_s: float) -> dict[str, Any]:
        """All troubles up to then are forgotten."""
        event = self.wait_for("trouble", within_s, part=part, wrong=False)
        self._seen = [seen for seen in self._seen if not _is(seen, "trouble", {"part": part})]
        return event

    def heard(self) -> tuple[np.ndarray, list[float]]:
        """Samples at 16 kHz since the last time, and when each frame was captured."""
        answer = self.ask("heard")
        return np.frombuffer(base64.b64decode(answer["pcm"]), np.int16), answer["captured_s"]

    def comes_back_to(self, before: dict[str, Any], within_s: float) -> None:
        """No more threads and descriptors than then; a look at the server needs some for a moment."""
        give_up_s = time.monotonic() + within_s
        while True:
            state = self.ask("state")
            if all(state[key] <= before[key] for key in ("threads", "descriptors")):
                return
            assert time.monotonic() < give_up_s, f"{state} after {before}"
            time.sleep(0.1)

    def end(self, within_s: float = ANSWER_S) -> tuple[int, str]:
        """Its exit code, and what it wrote to the terminal."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(within_s)
        self._thread.join()
        return code, self.complaints()

    def complaints(self) -> str:
        assert self._process.stderr is not None
        return self._process.stderr.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)


def _is(told: dict[str, Any], event: str, what: dict[str, Any]) -> bool:
    if told["event"] != event:
        return False
    told = {**told, "wrong": bool(told.get("why"))}
    return all(told[key] == value for key, value in what.items())
