"""One peer's way out of this device: rooms are handed it, so that they need not know the gate."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from device.egress import Content, Egress, Peer, is_local


@dataclass(frozen=True, slots=True)
class WayOut:
    """To `peer`, for one kind of content."""

    egress: Egress
    peer: Peer
    content: Content

    def open(self) -> AbstractContextManager[None]:
        """While this is entered, connections are allowed. Entering looks the name up, which blocks.

        Raises OSError when there is no such host.
        """
        return self.egress.permit(self.peer)

    def sent(self, sent_bytes: int) -> None:
        """So much was handed to the network. What stays on this machine does not leave it."""
        if not is_local(self.peer.host):
            self.egress.count(self.peer, self.content, sent_bytes)


@dataclass(frozen=True, slots=True)
class WaysOut:
    """To `peer`, for several kinds of content, each counted as what it is."""

    egress: Egress
    peer: Peer

    def open(self) -> AbstractContextManager[None]:
        """See `WayOut.open`."""
        return self.egress.permit(self.peer)

    def sent(self, kind: Literal["control", "text", "audio"], sent_bytes: int) -> None:
        """So much of this kind was handed to the network. What stays on this machine does not leave it."""
        if not is_local(self.peer.host):
            self.egress.count(self.peer, Content(kind), sent_bytes)
