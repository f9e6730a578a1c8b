"""What was said lately, by both, for whoever answers next."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from device.contracts import Line, Who

LINES_KEPT = 60
"""More than any language model here is reminded of; which of them it hears is its own budget."""


@dataclass(frozen=True, slots=True)
class Said:
    """A line, and when its turn began and ended, in lived seconds."""

    line: Line
    began_s: float
    ended_s: float


class Keeping(Protocol):
    """Where the conversation lies when the device is off."""

    def keep(self, said: Sequence[Said]) -> None:
        """Returns at once."""
        ...

    async def forget(self, since_s: float | None) -> int:
        """Erase for good what ended since then (None: all); how many lines. Raises OSError, sqlite3.Error,
        StageError."""
        ...

    async def forget_before(self, before_s: float) -> int:
        """Likewise what ended before."""
        ...


class InMemoryAlone:
    """Nothing outlives the process."""

    def keep(self, said: Sequence[Said]) -> None:
        pass

    async def forget(self, since_s: float | None) -> int:
        return 0

    async def forget_before(self, before_s: float) -> int:
        return 0


class Conversation:
    """The last lines; of the device's own only what really sounded."""

    def __init__(
        self,
        before: Iterable[Said] = (),
        keeping: Keeping | None = None,
        lived: Callable[[], float] = time.time,
    ) -> None:
        """`before` was said earlier; `keeping` is given whatever is added. `lived` gives lived seconds; the
        wall clock will do where nothing outlives the process."""
        self._said: deque[Said] = deque(before, maxlen=LINES_KEPT)
        self._keeping: Keeping = keeping or InMemoryAlone()
        self._lived = lived

    @property
    def history(self) -> tuple[Line, ...]:
        """Oldest first."""
        return tuple(said.line for said in self._said)

    @property
    def last_exchange_s(self) -> float | None:
        """When the last turn began in which a person said something, lived seconds; None: there is none."""
        return next((said.began_s for said in reversed(self._said) if said.line.who is Who.PERSON), None)

    def now(self) -> float:
        """Lived seconds, as every line is dated."""
        return self._lived()

    def add(self, lines: Iterable[Line], began_s: float | None = None) -> None:
        """Said in a turn that began then (None: just now). Lines without words are not remembered."""
        now_s = self._lived()
        began_s = now_s if began_s is None else began_s
        said = [Said(line, began_s, now_s) for line in lines if line.text]
        if said:
            self._said.extend(said)
            self._keeping.keep(said)

    async def forget(self, since_s: float | None) -> int:
        """Erase what was said since then, here and on disk; how many lines. Raises as `Keeping.forget`."""
        here = self._drop(lambda said: since_s is None or said.ended_s >= since_s)
        return max(here, await self._keeping.forget(since_s))

    async def forget_before(self, before_s: float) -> int:
        """Likewise what was said before."""
        here = self._drop(lambda said: said.ended_s < before_s)
        return max(here, await self._keeping.forget_before(before_s))

    def _drop(self, goes: Callable[[Said], bool]) -> int:
        stays = [said for said in self._said if not goes(said)]
        gone = len(self._said) - len(stays)
        self._said = deque(stays, maxlen=LINES_KEPT)
        return gone
