"""Where a sound server (PulseAudio, PipeWire) has put this process's streams; through its tool `pactl`.

A server never says that a device is gone: it moves the stream to another one, and when there is no other
microphone, to the monitor of a speaker, where the device would hear itself. So streams are placed by name,
and looked after. Without `pactl`, or without a server, nothing is known and nothing is done.

Every call takes some 10 ms, `ANSWER_S` at most; none belongs into the event loop.
"""

from __future__ import annotations

import enum
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ANSWER_S = 1.0
"""A server that takes longer stands still."""
SETTLES_S = 0.2
"""Servers tell of one change by several lines."""
NOWHERE = "auto_null"
"""The speaker that both servers put up when there is none."""
UNLINKED = 0xFFFF_FFFF
"""PipeWire's answer for a stream that has not begun yet, or whose device has gone."""


class Direction(enum.Enum):
    """Of a stream. The values are how the server names devices and the streams on them."""

    INPUT = ("source", "source-output", "PULSE_SOURCE")
    OUTPUT = ("sink", "sink-input", "PULSE_SINK")

    def __init__(self, device: str, stream: str, variable: str) -> None:
        self.device = device
        self.stream = stream
        self.variable = variable
        """Read by the server's library whenever it opens a stream."""


@dataclass(frozen=True, slots=True)
class ServerDevice:
    """A microphone or a speaker, as the server lists it."""

    index: int
    name: str
    """Unique, for programs."""
    description: str
    """For people."""

    def matches(self, wanted: str) -> bool:
        """`wanted` is a part of either name, in capitals or not."""
        return wanted.casefold() in f"{self.name}\n{self.description}".casefold()


def devices(direction: Direction) -> list[ServerDevice] | None:
    """The real ones: no monitors of speakers, no speaker that leads nowhere. None: there is no server."""
    listed = _list(f"{direction.device}s")
    if listed is None:
        return None
    return [
        ServerDevice(entry["index"], entry["name"], entry["description"])
        for entry in listed
        if entry["properties"].get("device.class") != "monitor" and entry["name"] != NOWHERE
    ]


def can_be_asked() -> bool:
    """Whether `pactl` is installed."""
    return shutil.which("pactl") is not None


def server() -> str:
    """What it calls itself, as in "PulseAudio (on PipeWire 1.4.2)"; empty: there is none."""
    told = _pactl("--format=json", "info")
    try:
        return "" if told is None else str(json.loads(told)["server_name"])
    except (json.JSONDecodeError, KeyError):
        return ""


def default(direction: Direction) -> str:
    """The name of the server's default device; empty: there is none."""
    told = _pactl("get-default-" + direction.device)
    return "" if told is None else told.strip()


class Placement:
    """Looks after a stream that this process has opened, in a thread of its own: asking takes a while."""

    def __init__(self, direction: Direction, wanted: str, behind: str = "") -> None:
        """`wanted`: a part of the device's name; empty: any real one will do. `behind`: the name of a real
        device that it is made of and that has to be there, too; PipeWire lets the one outlive the other.
        """
        self.lost = False
        """The server has moved the stream to where it does not belong."""
        self._direction = direction
        self._wanted = wanted
        self._behind = behind
        self._news = subprocess.Popen(
            ["pactl", "subscribe"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
        )
        threading.Thread(target=self._watch, name=f"{direction.device} placement", daemon=True).start()

    def close(self) -> None:
        """The thread ends as soon as it sees it."""
        self._news.kill()

    def _watch(self) -> None:
        """What the server tells of this direction's devices and streams, until it has nothing more to say."""
        assert self._news.stdout is not None
        marks = (f"on {self._direction.device} ".encode(), f"on {self._direction.stream} ".encode())
        told = b"".join(marks)
        with self._news.stdout as news:
            while told:
                if any(mark in told for mark in marks):
                    self.lost = self._misplaced()
                    time.sleep(SETTLES_S)
                told = os.read(news.fileno(), 65_536)
        self._news.wait()

    def _misplaced(self) -> bool:
        real = devices(self._direction)
        streams = _list(f"{self._direction.stream}s")
        if real is None or streams is None:
            return False
        if self._behind and self._behind not in {device.name for device in real}:
            return True
        good = {device.index for device in real if device.matches(self._wanted)}
        mine = [stream for stream in streams if _is_mine(stream["properties"])]
        if good:
            mine = [stream for stream in mine if not self._rests(stream)]
        return any(stream[self._direction.device] not in good for stream in mine)

    def _rests(self, stream: Mapping[str, Any]) -> bool:
        """Of PipeWire's: it is linked to its device when it begins."""
        return bool(stream["corked"] and stream[self._direction.device] == UNLINKED)


def _is_mine(properties: Mapping[str, str]) -> bool:
    return properties.get("application.process.id") == str(os.getpid())


def _list(what: str) -> list[dict[str, Any]] | None:
    told = _pactl("--format=json", "list", what)
    try:
        return None if told is None else list(json.loads(told))
    except json.JSONDecodeError:
        return None


def _pactl(*arguments: str) -> str | None:
    """What it prints; None when it is not there, or there is no server, or that stands still."""
    program = shutil.which("pactl")
    if program is None:
        return None
    try:
        done = subprocess.run(
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=True,
            env=_environment(),
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return done.stdout


def _environment() -> dict[str, str]:
    """No words in the person's language where a program reads them."""
    return {**os.environ, "LC_ALL": "C.UTF-8"}
