"""What a check of the doctor's is given, and what it finds."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from device.config import Settings


class State(enum.Enum):
    """How a part of the machine was found."""

    OK = "ok"
    MISSING = "missing"
    SIMULATED = "simulated"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    name: str
    state: State
    detail: str
    fix: str = ""
    """The command or the step that would make it OK; empty when there is nothing to do."""
    needed: bool = True
    """Whether the device cannot hold a conversation without it."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the checks look at."""

    settings: Settings
    settings_problems: Sequence[str]
    settings_file: Path | None
    env: Mapping[str, str]


Check = Callable[[Machine], Finding]
