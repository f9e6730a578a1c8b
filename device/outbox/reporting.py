"""What System 2 is told of each turn, by consent: the one place where a turn becomes something to send.

Motion and spoken replies are never put: done or said late, they are wrong.
"""

from __future__ import annotations

from collections.abc import Callable

from device.config import Consent
from device.contracts import Outgoing, OutgoingKind
from device.ports import Outbox
from device.record import TurnRecord


class Reporting:
    """Puts nothing that a person has not agreed to. Each call returns at once."""

    def __init__(self, outbox: Outbox, consent: Consent, keeps_back: Callable[[str], bool]) -> None:
        """`keeps_back`: a text tells what is not to leave the device (`brain.privacy` and consent)."""
        self._outbox = outbox
        self._consent = consent
        self._keeps_back = keeps_back

    def ended(self, record: TurnRecord) -> None:
        """A turn is over."""
        for item in self._items(record):
            self._outbox.note(item)

    def outbox_lost(self) -> None:
        """What waited was damaged, and is gone."""
        if self._consent.telemetry:
            self._outbox.note(Outgoing(OutgoingKind.TELEMETRY, {"outbox": "damaged"}))

    def _items(self, record: TurnRecord) -> list[Outgoing]:
        items = []
        if self._consent.alerts and record.in_need:
            body = {"category": record.in_need, "at_utc": record.started_utc}
            items.append(Outgoing(OutgoingKind.ALERT, body))
        if self._consent.telemetry and self._consent.telemetry_content and not self._private(record):
            items.append(Outgoing(OutgoingKind.RECORD, record.as_json(with_words=True)))
        if self._consent.telemetry:
            items.append(Outgoing(OutgoingKind.TELEMETRY, record.as_json(with_words=False)))
        return items

    def _private(self, record: TurnRecord) -> bool:
        return any(map(self._keeps_back, (record.heard, record.spoken, record.error)))
