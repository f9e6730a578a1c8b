"""What a store must be able to do. SQLite serves by default; another database can serve the same.

Several gateway processes work on one store at the same time: each call is one transaction, and nothing
that two of them need to agree on lives anywhere else. Every method raises StoreError when the store
cannot be reached or is too busy.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from device.contracts import Line
from device.errors import TwomindsError
from device.link.native import DeviceInfo, Report
from gateway.bodies import Alert, Erasure, PromisedQuestion


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


class Taken(enum.Enum):
    """What became of a report."""

    NEW = "new"
    AGAIN = "again"
    """It came before, or was erased; nothing happened."""
    OTHER = "other"
    """Its id came before with another body; nothing happened."""
    FULL = "full"
    """The device has as many open questions as it may have; nothing happened."""


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """Somebody may be in need."""

    number: int
    device_id: str
    category: str
    at_utc: str
    """When it was, by the device's clock."""
    received_at: float
    seen_at: float | None
    """When an operator said so."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A promised question that this process is to answer now."""

    number: int
    """Of all devices' questions; never used again."""
    asker: DeviceInfo
    """As the device was when it asked."""
    text: str
    asked_at: float
    tries: int
    """This one included."""


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """An answer that its device has not acknowledged."""

    number: int
    question_id: str
    text: str


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


class Reports(Protocol):
    """The device channel."""

    async def take(self, device_id: str, report: Report) -> Taken:
        """Keep it."""
        ...

    async def newest(self, device_id: str) -> list[KeptReport]:
        """The newest first, at most a hundred."""
        ...


class Alerts(Protocol):
    """What operators are to see."""

    async def take(self, device_id: str, report: Report, alert: Alert) -> Taken:
        """Keep it, as a report, too."""
        ...

    async def newest(self, device_id: str | None, unseen: bool) -> list[KeptAlert]:
        """The newest first, at most a thousand; `unseen`: only those that no operator has seen."""
        ...

    async def seen(self, number: int) -> bool:
        """An operator has seen it; False: there is none."""
        ...


class Questions(Protocol):
    """Promised questions and their answers. A `question_id` of a device counts once."""

    async def take(
        self, asker: DeviceInfo, report: Report, question: PromisedQuestion, most_open: int, longest_s: float
    ) -> Taken:
        """Keep it for as long as it says, at most `longest_s`."""
        ...

    async def claim(self, lease_s: float) -> OpenQuestion | None:
        """The one that is due longest, of no revoked device; nobody else gets it for `lease_s`."""
        ...

    async def answered(self, number: int, text: str) -> bool:
        """It has its answer, and its own words are removed; False: it is gone, or had one."""
        ...

    async def put_off(self, number: int, wait_s: float) -> None:
        """It is due again only then."""
        ...

    async def with_answers(self) -> set[str]:
        """The devices for which an answer waits."""
        ...

    async def next_answer(self, device_id: str) -> ReadyAnswer | None:
        """The oldest that waits for this device."""
        ...

    async def over(self, number: int) -> None:
        """Remove question and answer."""
        ...

    async def forget_expired(self) -> int:
        """Remove what nobody waits for any more; how many questions that were."""
        ...


class Erasing(Protocol):
    """Removing for good. That an id came is remembered as long as anything is kept: none counts again.

    Where StoreError is raised, rows may be removed that the log still holds: the same again, or `finish`,
    empties it.
    """

    async def device(self, device_id: str) -> int:
        """Sessions, history, reports and questions of a device; how many rows that were."""
        ...

    async def session(self, session_id: str) -> int:
        """One session and its history; how many rows that were, 0: there is none."""
        ...

    async def asked_for(self, device_id: str, report_id: str, erasure: Erasure) -> bool:
        """What a device wants forgotten of its own; False: the same report came before."""
        ...

    async def before(self, time: float) -> None:
        """What was last used before then."""
        ...

    async def finish(self) -> None:
        """Empty the log of what was removed, where that could not be done at once."""
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
    alerts: Alerts
    questions: Questions
    erasing: Erasing
    uses: Uses
