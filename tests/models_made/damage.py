"""What happens to model files: gone, replaced, cut off."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

Damage = Callable[[Path], None]
"""Done to a model's folder."""


def without(name: str) -> Damage:
    return lambda folder: (folder / name).unlink()


def replaced(name: str, data: bytes) -> Damage:
    def replace(folder: Path) -> None:
        (folder / name).write_bytes(data)

    return replace


def cut_off(name: str, lost_bytes: int) -> Damage:
    def cut(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:-lost_bytes])

    return cut
