"""What may be on the disk after a power cut, given what the writer had told by then. Pure.

A writer keeps items, each under a number of its own, and tells of each what it was about to do and what was
done. Whatever it told had been done must be true after the cut; what it was in the middle of may be either.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

What = Literal["kept", "leaving", "left"]


@dataclass(frozen=True, slots=True)
class Told:
    """One line of the writer."""

    what: What
    """kept: it is on disk, said the store. leaving: it is about to be removed. left: it is removed."""
    store: str
    number: int
    """The writer's own count, rising over all boots."""
    ident: str = ""
    """What the store itself calls it, if it gives names: "<epoch> <seq>"."""


@dataclass(frozen=True, slots=True)
class Found:
    """One store, as the next boot found it."""

    items: Mapping[int, str]
    """Number to ident."""
    sound: bool = True
    """quick_check says ok, nothing was set aside as damaged."""
    torn: int = 0
    """Items that are not what was written: halves, or mixed with others."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one store after one cut; all but the first two and the last must be 0."""

    acknowledged: int
    """Items that were told to be kept since the look before."""
    due: int
    """Items that had to be there, from whichever boot."""
    lost: int
    came_back: int
    """Removed for good, said the store, and there again."""
    torn: int
    unsound: int
    reused: int
    """Idents that two items had."""
    out_of_order: int
    """Items whose ident is not after those before it in their epoch, or whose epoch was over."""
    untold: int
    """There, though the cut came before the writer could tell: evidence that it hit in the middle."""

    @property
    def wrong(self) -> int:
        return self.lost + self.came_back + self.torn + self.unsound + self.reused + self.out_of_order


@dataclass(slots=True)
class Ledger:
    """What one store's writer told, over all boots."""

    whole: bool = False
    """The store keeps one item, which the next replaces."""
    _kept: set[int] = field(default_factory=set)
    _leaving: set[int] = field(default_factory=set)
    _left: set[int] = field(default_factory=set)
    _idents: dict[int, str] = field(default_factory=dict)
    _acknowledged: int = 0

    def note(self, told: Told) -> None:
        {"kept": self._kept, "leaving": self._leaving, "left": self._left}[told.what].add(told.number)
        self._acknowledged += told.what == "kept"
        if told.ident:
            self._idents[told.number] = told.ident

    def judge(self, found: Found) -> Verdict:
        """After a cut. What is there counts as kept from now on, what is not as gone: each loss once."""
        due = {max(self._kept)} if self.whole and self._kept else self._kept - self._leaving
        there = set(found.items)
        lost = _missed(due, there) if self.whole else due - there
        idents = {**self._idents, **{number: ident for number, ident in found.items.items() if ident}}
        verdict = Verdict(
            acknowledged=self._acknowledged,
            due=len(due),
            lost=len(lost),
            came_back=len(self._left & there),
            torn=found.torn,
            unsound=int(not found.sound),
            reused=len(idents) - len(set(idents.values())),
            out_of_order=_out_of_order(idents),
            untold=len(there - self._kept),
        )
        self._kept, self._leaving, self._idents = there, set(), idents
        self._acknowledged = 0
        return verdict


def _missed(due: set[int], there: set[int]) -> set[int]:
    """Of a store of one item: a newer one will do."""
    return {number for number in due if not there or max(there) < number}


def _out_of_order(idents: Mapping[int, str]) -> int:
    """Within an epoch the numbers rise, and an epoch that is over does not come back."""
    highest: dict[str, int] = {}
    last, wrong = "", 0
    for number in sorted(idents):
        epoch, _, seq = idents[number].rpartition(" ")
        wrong += (epoch != last and epoch in highest) or int(seq) <= highest.get(epoch, 0)
        highest[epoch] = max(int(seq), highest.get(epoch, 0))
        last = epoch
    return wrong
