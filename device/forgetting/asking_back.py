"""The outbox, when something is to be forgotten: what waits is erased, what was sent is asked back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from device.contracts import Outgoing, OutgoingKind, Sent
from device.ports import Outbox

PART: Final = "for System 2"
REFS_AT_ONCE: Final = 200
"""So many ids fit into one item for System 2 (16 kB)."""
EVERYTHING: Final = "erase everything"
"""One request to forget everything is enough, however often a person asks."""
_TURN: Final = "turn"
_ERASURE: Final = OutgoingKind.ERASURE.value
_ALERT: Final = OutgoingKind.ALERT.value


class AskingBack:
    """Remembers what it found, until it is taken."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._sent: tuple[Sent, ...] = ()
        self._asked = False

    async def forget(self, since_s: float | None) -> int:
        """As `erasure.Forget`; how many things that were sent are asked back. Raises OutboxError."""
        found = await self._outbox.forget(since_s)
        wordless = {_ERASURE} if since_s is None else {_ERASURE, _ALERT}
        self._sent = tuple(sent for sent in found if sent.kind not in wordless)
        for item in requests(self._sent, everything=since_s is None):
            await self._outbox.put(item)
            self._asked = True
        return len(self._sent)

    def take(self) -> tuple[tuple[Sent, ...], bool]:
        """What had been sent, and whether it was asked back; nothing the next time."""
        taken = self._sent, self._asked
        self._sent, self._asked = (), False
        return taken


def requests(sent: Sequence[Sent], *, everything: bool) -> Iterator[Outgoing]:
    """What System 2 is asked to forget, in items that are not too large; none where it was sent nothing.

    Everything is more than what is still known to have been sent.
    """
    if everything:
        body = {"all": True, "turns": [], "reports": [], "questions": []}
        yield Outgoing(OutgoingKind.ERASURE, body, EVERYTHING)
        return
    for at in range(0, len(sent), REFS_AT_ONCE):
        some = sent[at : at + REFS_AT_ONCE]
        turns = [[session, int(turn)] for session, turn in (_turn(one) for one in some if one.kind == _TURN)]
        reports = [one.ref for one in some if one.kind != _TURN]
        body = {"all": False, "turns": turns, "reports": reports, "questions": []}
        yield Outgoing(OutgoingKind.ERASURE, body)


def _turn(sent: Sent) -> tuple[str, str]:
    session, _, turn = sent.ref.rpartition(" ")
    return session, turn
