"""What a store must be able to do. SQLite serves by default; another database can serve the same.

Several gateway processes work on one store at the same time: each call is one transaction, and nothing
that two of them need to agree on lives anywhere else. Every method raises StoreError when the store
cannot be reached or is too busy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from device.contracts import Line
from device.errors import TwomindsError
from device.link.native import Report


class StoreError(TwomindsError):
    """The store is away or too busy; the same may work a moment later."""

    code = "store"
    retryable = True


@dataclass(frozen=True, slots=True)
class Device:
    """A device that was registered once. Times are seconds since 1970, UTC."""

    id: str
    public_key: str
    name: str
    agent: str
    revoked: bool
    added_at: float
    seen_at: float | None


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation that goes on over connections."""

    id: str
    device_id: str
    """ "" for the conversations of the REST API."""
    began_at: float
    used_at: float
    turns: int


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A question, and what of its answer was really heard; None as long as nobody said so."""

    turn_id: int
    asked_at: float
    question: str
    said: str | None
    cut_off: bool


@dataclass(frozen=True, slots=True)
class KeptReport:
    """What a device told beside the conversation."""

    id: str
    op: str
    seq: int
    ts: str
    offline: bool
    body: Mapping[str, object]
    received_at: float


class Devices(Protocol):
    """Who may connect, and which connection of each is the newest."""

    async def find(self, device_id: str) -> Device | None: ...

    async def all(self) -> list[Device]: ...

    async def add(self, device_id: str, public_key: str, name: str) -> Device:
        """Register it, also one that was revoked."""
        ...

    async def revoke(self, device_id: str) -> bool:
        """From now on it is not let in any more; False: it is not known."""
        ...

    async def connected(self, device_id: str, connection_id: str, agent: str) -> None:
        """This is its newest connection, wherever the one before may be."""
        ...

    async def outdated(self, connections: Mapping[str, str]) -> tuple[set[str], set[str]]:
        """Of connections (id to device id): those with a newer one, and those of revoked devices."""
        ...


class Sessions(Protocol):
    """Conversations. A turn's answer is remembered only as far as it sounded."""

    async def open(self, device_id: str, resume: str) -> str:
        """The session to go on with: `resume`, where it is this device's, or a new one."""
        ...

    async def asked(self, session_id: str, device_id: str, turn_id: int, question: str) -> None:
        """A question was asked."""
        ...

    async def said(self, session_id: str, turn_id: int, text: str, cut_off: bool, within_s: float) -> bool:
        """What sounded of the newest turn of that number; False: it is unknown, was said before,
        or was asked longer ago than `within_s`."""
        ...

    async def history(self, session_id: str, longest_characters: int) -> tuple[Line, ...]:
        """Oldest first; the oldest turns are left out where it would be too long."""
        ...

    async def all(self, device_id: str | None) -> list[Session]:
        """The newest first, at most a thousand."""
        ...

    async def turns(self, session_id: str) -> list[PastTurn] | None:
        """Oldest first; None: there is no such session."""
        ...

    async def erase(self, device_id: str) -> int:
        """Remove sessions, history and reports of a device for good; how many rows that were."""
        ...

    async def erase_one(self, session_id: str) -> int:
        """Remove one session and its history for good; how many rows that were, 0: there is none."""
        ...

    async def forget_before(self, time: float) -> None:
        """Remove what was last used before then."""
        ...


class Reports(Protocol):
    """The device channel."""

    async def take(self, device_id: str, report: Report) -> bool:
        """Keep it; False: it came before."""
        ...

    async def newest(self, device_id: str) -> list[KeptReport]:
        """The newest first, at most a hundred."""
        ...


class Uses(Protocol):
    """How often a device did something lately, whichever process it did it at."""

    async def use(self, device_id: str, what: str, per_minute: int) -> float:
        """Count one; 0, or how many seconds to wait because it was too often."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """All of them."""

    devices: Devices
    sessions: Sessions
    reports: Reports
    uses: Uses
