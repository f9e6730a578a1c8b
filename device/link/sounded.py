"""What really sounded of the turns that System 2 was asked in: it is told, now or on the next connection."""

from __future__ import annotations

from collections import OrderedDict, deque

from device.link import native as n

REMEMBERED = 16
"""Turns."""


class Sounded:
    """Of the session that is under way; another session knows nothing of its turns."""

    def __init__(self) -> None:
        self.session_id = ""
        self._asked: OrderedDict[int, int] = OrderedDict()
        """The device's turns, by which turn of the wire they were asked as."""
        self._untold: deque[n.Said] = deque(maxlen=REMEMBERED)

    def began(self, session_id: str) -> None:
        """A connection was made; the session goes on, or is a new one."""
        if session_id != self.session_id:
            self._asked.clear()
            self._untold.clear()
        self.session_id = session_id

    def asked(self, turn_id: int, wire_id: int) -> None:
        """The device's turn was asked as this one."""
        self._asked[turn_id] = wire_id
        while len(self._asked) > REMEMBERED:
            self._asked.popitem(last=False)

    def note(self, turn_id: int, text: str, *, cut_off: bool) -> None:
        """A turn is over. Once for each; turns that System 2 was not asked in are none of its business."""
        wire_id = self._asked.pop(turn_id, None)
        if wire_id is not None:
            self._untold.append(n.Said(turn_id=wire_id, text=text[: n.LONGEST_WORDS], cut_off=cut_off))

    def tell(self) -> list[n.Said]:
        """What System 2 does not know yet; it is taken to know it then."""
        untold = list(self._untold)
        self._untold.clear()
        return untold
