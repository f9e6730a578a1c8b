"""Who has the floor: of several open pages, the one that pressed or asked last speaks and is spoken to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Attendee(Protocol):
    """A page, as far as the floor is concerned."""

    def floor_changed(self, yours: bool) -> None: ...


PageT = TypeVar("PageT", bound=Attendee)
ToldT = TypeVar("ToldT", contravariant=True)


class Receiver(Protocol[ToldT]):
    """Who must know where replies sound."""

    def attach(self, outlet: ToldT) -> None: ...

    def detach(self, outlet: ToldT) -> None: ...


class Floor(Generic[PageT]):
    """The open pages, in the order in which they had the floor; the last one has it."""

    def __init__(self, voice: Receiver[PageT] | None) -> None:
        """Without `voice`, nothing sounds in a page."""
        self._voice = voice
        self._pages: list[PageT] = []

    def __len__(self) -> int:
        return len(self._pages)

    def __iter__(self) -> Iterator[PageT]:
        return iter(tuple(self._pages))

    def has(self, page: PageT) -> bool:
        return bool(self._pages) and self._pages[-1] is page

    def join(self, page: PageT) -> None:
        """A page opened: it gets the floor only if it is the first."""
        self._pages.insert(0, page)
        if self.has(page):
            self._given()
        else:
            page.floor_changed(False)

    def take(self, page: PageT) -> None:
        """Somebody pressed or asked there."""
        if not self.has(page):
            before = self._pages[-1]
            self._pages.remove(page)
            self._pages.append(page)
            self._taken(before)
            before.floor_changed(False)
            self._given()

    def leave(self, page: PageT) -> None:
        """A page closed: the floor goes back to the one that had it before."""
        had = self.has(page)
        self._pages.remove(page)
        if had:
            self._taken(page)
            if self._pages:
                self._given()

    def _given(self) -> None:
        if self._voice is not None:
            self._voice.attach(self._pages[-1])
        self._pages[-1].floor_changed(True)

    def _taken(self, page: PageT) -> None:
        if self._voice is not None:
            self._voice.detach(page)
