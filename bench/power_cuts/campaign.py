"""One disk through a series of power cuts: each boot tells what it finds, and writes until the next."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.power_cuts.kept_stores import STORES, WHOLE
from bench.power_cuts.machine import Guest, make_disk, running
from bench.power_cuts.outcome import Look
from bench.power_cuts.verdict import Found, Ledger, Told

START_S = 60.0
"""How long a guest may take to tell what it found."""
UNDER_LOAD_S = (0.1, 2.5)
"""The power is cut at a random moment of these, counted from the first item that was kept."""
STARTING_S = (0.3, 1.5)
"""The same for a cut while the guest starts, counted from its power being switched on."""
LAST_WORDS_S = 2.0
"""How long a guest that fails is listened to."""
STARTING_EVERY = 5
"""Each such cut comes while the guest starts: into the recovery from the cut before it."""


class GuestError(Exception):
    """The guest did not tell what it should; what it told instead."""


def series(folder: Path, cuts: int, mode: str, chance: random.Random) -> Iterator[Look]:
    """`mode` is `full` or `hurried`. Raises GuestError, OSError, subprocess.CalledProcessError."""
    image = folder / "disk.ext4"
    make_disk(image)
    witness = _Witness()
    for number in range(1, cuts + 1):
        with running(image, number, mode) as guest:
            if number % STARTING_EVERY == 0:
                witness.hear(guest, chance.uniform(*STARTING_S))
            else:
                witness.hear_first(guest)
                witness.hear(guest, chance.uniform(*UNDER_LOAD_S))
            guest.cut()
            witness.hear(guest, START_S)  # what was under way to us when the power went
        yield from witness.looks(cut=True)
    with running(image, cuts + 1, "look") as guest:
        witness.hear(guest, START_S)
    yield from witness.looks(cut=False)


class _Witness:
    """Hears what the guests tell, boot after boot, and judges what they find."""

    def __init__(self) -> None:
        self._ledgers = {name: Ledger(whole=name in WHOLE) for name in STORES}
        self._cuts = 0
        self._looks: list[Look] = []

    def hear_first(self, guest: Guest) -> None:
        """Until the first item of this boot is kept."""
        for line in guest.lines(time.monotonic() + START_S):
            if self._note(line, guest):
                return
        raise GuestError(f"nothing was kept within {START_S:g} s")

    def hear(self, guest: Guest, seconds: float) -> None:
        for line in guest.lines(time.monotonic() + seconds):
            self._note(line, guest)

    def looks(self, *, cut: bool) -> list[Look]:
        """The one that this boot told of; none if the power was cut before it could."""
        looks, self._looks = self._looks, []
        self._cuts += cut
        if not (looks or cut):
            raise GuestError("the last guest did not tell what it found")
        return looks

    def _note(self, line: str, guest: Guest) -> bool:
        """Whether it was an item of the load."""
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError as error:
            rest = guest.lines(time.monotonic() + LAST_WORDS_S)
            raise GuestError("\n".join([line, *rest])) from error
        if "found" in told:
            self._judge(told)
            return False
        self._ledgers[told["store"]].note(Told(**told))
        return True

    def _judge(self, told: dict[str, Any]) -> None:
        found = {name: _as_found(each) for name, each in told["found"].items()}
        verdicts = {name: self._ledgers[name].judge(found[name]) for name in STORES}
        self._looks.append(Look(self._cuts, told["boot_s"], verdicts))
        self._cuts = 0


def _as_found(told: dict[str, Any]) -> Found:
    items = {int(number): ident for number, ident in told["items"].items()}  # JSON makes them words
    return Found(items, told["sound"], told["torn"])
