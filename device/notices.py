"""What the session tells whoever watches (the page, the command line): small values on a board.

A watcher has a bounded queue of its own that drops the oldest and counts it, so a slow page can
never hold up a turn.
"""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from device.config import Use
from device.contracts import Emotion, ErasureReport, Gesture, Route


class LightState(enum.Enum):
    """What the light shows; the page shows the same."""

    STARTING = "starting"
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    OFFLINE = "offline"
    MUTED = "muted"
    SETUP = "setup"
    UPDATING = "updating"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class LightChanged:
    state: LightState
    leaving: bool
    """Content is leaving this device right now; set by the egress module, not by intention."""
    mood: Emotion = Emotion.NEUTRAL
    """Of what is being said."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Words of the person, so far or final."""

    turn_id: int
    text: str
    final: bool
    engine: str


@dataclass(frozen=True, slots=True)
class Answering:
    """A clause is on its way to the speaker."""

    turn_id: int
    text: str
    route: Route


@dataclass(frozen=True, slots=True)
class Moved:
    """The robot was asked to make a gesture."""

    gesture: Gesture


@dataclass(frozen=True, slots=True)
class System2Standing:
    """How it stands with System 2, rounded, so that not every ping is news."""

    host: str
    port: int
    local: bool
    """It runs on this machine: what it is sent does not leave the device."""
    use: Use
    """When a person wants it asked."""
    up: bool
    why: str
    """While it is not up: a sentence for a person; "" while the link is only beginning."""
    round_trip_ms: int | None
    """To 10 ms."""
    first_words_s: float | None
    """How long questions have lately waited for the first words of an answer, to 0.1 s."""
    hears: bool
    """Live sound may be sent to it."""
    sound_agreed: bool
    """A person has agreed to that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is so, whatever the conversation is doing; posted when any of it changes."""

    muted: bool
    setup: bool
    online: bool
    volume: int
    """Percent."""
    mode: str
    """hold or toggle."""
    faults: tuple[str, ...] = ()
    """A sentence for each part that does not work: what happened and what to do."""
    system2: System2Standing | None = None
    """None: there is no System 2."""


@dataclass(frozen=True, slots=True)
class Loudness:
    """Of the microphone, ten times a second while somebody is listened to. 0 dBFS is full scale."""

    peak_dbfs: float
    rms_dbfs: float


@dataclass(frozen=True, slots=True)
class Refused:
    """A press or a request was not taken; `why` is a sentence for a person."""

    why: str


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The record of a turn, as consent allows it, ready for JSON."""

    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Forgot:
    """Something was erased: whoever shows what was said shows no more than is still there."""

    report: ErasureReport


Notice = LightChanged | Standing | Loudness | Heard | Answering | Moved | Refused | TurnEnded | Forgot


class Board:
    """Publishes notices to any number of watchers. One event loop only."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[Notice]] = set()
        self.dropped = 0

    def post(self, notice: Notice) -> None:
        """Tell every watcher; never blocks."""
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
                self.dropped += 1
            queue.put_nowait(notice)

    @contextlib.contextmanager
    def watch(self, capacity: int = 256) -> Iterator[AsyncIterator[Notice]]:
        """Everything posted from now on, oldest first."""
        queue: asyncio.Queue[Notice] = asyncio.Queue(capacity)
        self._watchers.add(queue)
        try:
            yield _drain(queue)
        finally:
            self._watchers.discard(queue)


async def _drain(queue: asyncio.Queue[Notice]) -> AsyncIterator[Notice]:
    while True:
        yield await queue.get()
