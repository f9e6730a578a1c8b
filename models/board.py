"""Which board this is, and which tier of models is for it."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from models.catalogue import Catalogue, Tier


@dataclass(frozen=True, slots=True)
class Board:
    """What decides which models run well here."""

    name: str
    """As the device tree has it, such as `Raspberry Pi 5 Model B Rev 1.0`; empty on other computers."""
    ram_mib: int
    """As the system reports it: what the firmware and the graphics took is missing."""
    cores: int

    def __str__(self) -> str:
        cores = "1 core" if self.cores == 1 else f"{self.cores} cores"
        return f"{self.name or 'a computer'} with {self.ram_mib / 1024:.1f} GiB of memory and {cores}"


def tier_for(board: Board, catalogue: Catalogue) -> Tier:
    """The largest tier whose memory and cores the board has, but none above the one that lists the board.

    The smallest tier where none fits.
    """
    chosen = catalogue.tiers[0]
    for tier in catalogue.tiers:
        if board.ram_mib >= tier.ram_mib and board.cores >= tier.cores:
            chosen = tier
        if any(board.name.startswith(name) for name in tier.boards):
            break
    return chosen


def read_board(proc: Path = Path("/proc")) -> Board:
    """This machine. What cannot be read counts as little: a model too small works, one too big does not."""
    name = ""
    with contextlib.suppress(OSError):
        name = (proc / "device-tree" / "model").read_text("utf-8", "replace").strip("\0\n ")
    ram_mib = 0
    with contextlib.suppress(OSError):
        total = re.search(r"^MemTotal:\s+(\d+) kB", (proc / "meminfo").read_text(), re.MULTILINE)
        ram_mib = int(total[1]) // 1024 if total else 0
    return Board(name, ram_mib, os.cpu_count() or 1)
