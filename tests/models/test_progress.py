"""What a fetch shows."""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

from models.progress import Bars, Lines, report_to

ROOT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_log_gets_a_line_at_every_tenth() -> None:
    out = io.StringIO()
    lines = report_to(out)
    assert isinstance(lines, Lines)
    lines.begin("model.bin", 1000, 250)
    for _ in range(75):
        lines.advance(10)
    lines.end()
    told = out.getvalue().splitlines()
    assert told[0] == "model.bin: 25 %"
    assert told[-1] == "model.bin: 100 %"
    assert len(told) == 9


def test_a_size_that_is_not_known_is_no_percentage_of_anything() -> None:
    out = io.StringIO()
    lines = Lines(out)
    lines.begin("model.bin", 0, 0)
    lines.advance(10)
    assert out.getvalue() == "model.bin: 0 %\n"


def test_a_terminal_gets_a_bar_that_begins_where_it_was() -> None:
    out = Terminal()
    bars = report_to(out)
    assert isinstance(bars, Bars)
    bars.begin("model.bin", 1000, 500)
    bars.advance(500)
    bars.note("It hung up.")
    bars.end()
    assert "model.bin:  50%" in out.getvalue()
    assert "100%" in out.getvalue()
    assert "It hung up.\n" in out.getvalue()


def test_a_console_that_does_not_know_its_size_gets_a_bar_too() -> None:
    """Serial consoles say that they have no rows and no columns."""
    show = "import sys; from models.progress import report_to; bar = report_to(sys.stderr)"
    begin = "bar.begin('model.bin', 1000, 500); bar.advance(500); bar.end()"
    ours, theirs = pty.openpty()
    subprocess.run(
        [sys.executable, "-c", f"{show}; {begin}"], cwd=ROOT, stderr=theirs, timeout=60, check=True
    )
    os.close(theirs)
    assert "100%" in os.read(ours, 10_000).decode()
    os.close(ours)
