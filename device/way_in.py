"""The page's way through the one gate: it may listen, and what it tells to others is counted.

Rooms are handed it, so that they need not know the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from device.egress import Content, Egress, Peer, is_local
from device.panel.messages import Departure


@dataclass(frozen=True, slots=True)
class WayIn:
    """Implements the page's `Gate`."""

    egress: Egress

    def listening(self, host: str, port: int) -> AbstractContextManager[None]:
        """While this is entered, a server may be bound there. Raises OSError."""
        return self.egress.permit(Peer(host, port))

    def told(self, host: str, content: Literal["audio", "text", "control"], size: int) -> None:
        """A page on another machine was sent so many bytes: they have left this device."""
        if not is_local(host):
            self.egress.count(Peer(host, PAGES), Content(content), size)

    def departures(self) -> tuple[Departure, ...]:
        """Everything that was counted, the latest last."""
        counted = sorted(self.egress.sent().items(), key=lambda entry: entry[1].last_s)
        return tuple(
            Departure(peer.host, peer.port, content.value, sent.sent_bytes, sent.first_utc, sent.last_utc)
            for (peer, content), sent in counted
        )

    def observe(self, tell: Callable[[], None]) -> Callable[[], None]:
        """As `Egress.observe`."""
        return self.egress.observe(tell)


PAGES = 0
"""Stands for the port of a page: a browser takes another one for each connection."""
