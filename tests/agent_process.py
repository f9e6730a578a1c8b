"""The agent as a process of its own, and a person at its page: what a user starts, pressed by a program."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
VERBOSE: tuple[str, ...] = ()
STARTS_WITHIN_S = 60.0
ADDRESS = re.compile(r"http://(127\.0\.0\.1:\d+)/")

Message = dict[str, Any]


@dataclass
class Agent:
    """A running agent and its page. `said` holds every message of the page so far, with its time."""

    process: asyncio.subprocess.Process
    page: ClientConnection
    said: list[tuple[float, Message]] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def press(self) -> float:
        return await self._do("press")

    async def release(self) -> float:
        return await self._do("release")

    async def stop(self) -> float:
        return await self._do("stop")

    async def mute(self, muted: bool) -> float:
        return await self._do("mute", muted=muted)

    async def ask(self, text: str) -> float:
        return await self._do("ask", text=text)

    async def choose(self, setting: str, value: str | int) -> float:
        return await self._do("choose", setting=setting, value=value)

    async def repeat(self) -> float:
        return await self._do("repeat")

    def forget(self) -> None:
        """What was said so far."""
        self.said.clear()
        self._looked = 0

    async def _do(self, what: str, **fields: object) -> float:
        """When it was sent, monotonic."""
        await self.page.send(json.dumps({"type": what, **fields}))
        return time.monotonic()

    def of(self, kind: str) -> list[Message]:
        return [message for _, message in self.said if message["type"] == kind]

    async def until(
        self,
        kind: str | tuple[str, ...],
        fits: Callable[[Message], bool] = lambda message: True,
        within_s: float = 20.0,
    ) -> Message:
        """The first message of a kind, or of several, that fits, after the last one that was waited for."""
        kinds = (kind,) if isinstance(kind, str) else kind
        async with asyncio.timeout(within_s):
            while True:
                while self._looked < len(self.said):
                    _, message = self.said[self._looked]
                    self._looked += 1
                    if message["type"] in kinds and fits(message):
                        return message
                self._news.clear()
                await self._news.wait()

    async def turn(self, within_s: float = 30.0) -> Message:
        """The record of the next turn that ends."""
        record: Message = (await self.until("turn", within_s=within_s))["record"]
        return record

    async def turn_or_refusal(self, within_s: float = 30.0) -> Message | None:
        """None: the press was refused: the microphone is not there, or muted; then there is no turn."""
        ends = lambda told: told["type"] == "turn" or "microphone" in told["why"]  # noqa: E731
        told = await self.until(("turn", "refused"), ends, within_s)
        record: Message | None = told.get("record")
        return record

    async def light(self, state: str, within_s: float = 20.0) -> None:
        await self.until("light", lambda light: light["state"] == state, within_s)

    _looked: int = 0

    async def listen(self) -> None:
        async for frame in self.page:
            if isinstance(frame, str):
                self.said.append((time.monotonic(), json.loads(frame)))
                self._news.set()
        raise ConnectionError(f"the page was closed: {self.page.close_code} {self.page.close_reason}")

    def memory_kib(self) -> dict[str, int]:
        """What the kernel says of the process: Rss, Pss, Anonymous and others."""
        lines = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
        return {name.rstrip(":"): int(kib) for name, kib, *_ in (line.split() for line in lines)}

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@contextlib.asynccontextmanager
async def agent(state: Path, env: Mapping[str, str], log: Path | None = None) -> AsyncIterator[Agent]:
    """Started as a person does, opened as its start screen says, ended as a service manager does.

    Its log is `log.txt` in the state directory, unless it is named.
    """
    errors = log or state / "log.txt"
    with _log(errors) as written:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "device.cli", *VERBOSE, "run", "--port", "0"),
            cwd=ROOT,
            env={**os.environ, **env, "STATE_DIRECTORY": str(state), "PYTHONUNBUFFERED": "1"},
            stdout=asyncio.subprocess.PIPE,
            stderr=written,
        )
    try:
        host, token = await _address(process), _text(state / "panel" / "token").strip()
        async with connect(f"ws://{host}/talk", origin=f"http://{host}") as page:  # type: ignore[arg-type]
            running = Agent(process, page)
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(running.listen())
                await page.send(json.dumps({"type": "hello", "token": token}))
                await running.until("welcome")
                yield running
                listening.cancel()
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            await process.wait()
        if process.returncode != 0:
            print(_text(errors))
    assert process.returncode == 0, "the agent did not end well"


def _text(file: Path) -> str:
    return file.read_text("utf-8")


def _log(file: Path) -> BinaryIO:
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("wb")


async def _address(process: asyncio.subprocess.Process) -> str:
    """Host and port, from the start screen. Raises EOFError when the agent ends instead."""
    assert process.stdout is not None
    async with asyncio.timeout(STARTS_WITHIN_S):
        async for line in process.stdout:
            if found := ADDRESS.search(line.decode()):
                return found[1]
    raise EOFError("the agent ended at once")
