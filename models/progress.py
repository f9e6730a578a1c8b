"""How a fetch is shown: bars on a terminal, a line now and then everywhere else."""

from __future__ import annotations

import shutil
import sys
from typing import NoReturn, TextIO

from tqdm import tqdm

from models.download import Report

STEP_PERCENT = 10
"""Between two lines."""
WIDEST_COLUMNS = 100


def report_to(stream: TextIO = sys.stderr) -> Report:
    """Bars where somebody watches, lines where a log is written."""
    return Bars(stream) if stream.isatty() else Lines(stream)


class Bars:
    """One bar for the file that is coming."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._bar: tqdm[NoReturn] | None = None

    def begin(self, label: str, total_bytes: int, there_bytes: int) -> None:
        self.end()
        self._bar = tqdm(
            desc=label,
            total=total_bytes or None,
            initial=there_bytes,
            unit="B",
            unit_scale=True,
            file=self._stream,
            ncols=_columns(),
            nrows=24,  # a console that says 0 would be shown nothing
        )

    def advance(self, more_bytes: int) -> None:
        if self._bar is not None:
            self._bar.update(more_bytes)

    def note(self, sentence: str) -> None:
        self.end()
        print(sentence, file=self._stream)

    def end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _columns() -> int:
    """The terminal's width; serial consoles say that they have none, and get the usual one."""
    return min(WIDEST_COLUMNS, shutil.get_terminal_size().columns)


class Lines:
    """A line at the beginning, at every tenth, and at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._label, self._total, self._there, self._told = "", 0, 0, 0

    def begin(self, label: str, total_bytes: int, there_bytes: int) -> None:
        self._label, self._total, self._there = label, total_bytes, there_bytes
        self._told = self._percent
        self.note(f"{label}: {self._told} %")

    def advance(self, more_bytes: int) -> None:
        self._there += more_bytes
        if self._percent >= self._told + STEP_PERCENT:
            self._told = self._percent // STEP_PERCENT * STEP_PERCENT
            self.note(f"{self._label}: {self._told} %")

    def note(self, sentence: str) -> None:
        print(sentence, file=self._stream, flush=True)

    def end(self) -> None:
        self._label = ""

    @property
    def _percent(self) -> int:
        return min(100, 100 * self._there // self._total) if self._total else 0
