"""Reading which board this is."""

from __future__ import annotations

import os
from pathlib import Path

from models.board import Board, read_board


def test_a_raspberry_pi_is_read(tmp_path: Path) -> None:
    (tmp_path / "device-tree").mkdir()
    (tmp_path / "device-tree" / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    (tmp_path / "meminfo").write_text("MemTotal:        8254912 kB\nMemFree: 1 kB\n")
    assert read_board(tmp_path) == Board("Raspberry Pi 5 Model B Rev 1.0", 8061, os.cpu_count() or 1)


def test_what_cannot_be_read_counts_as_little(tmp_path: Path) -> None:
    assert read_board(tmp_path) == Board("", 0, os.cpu_count() or 1)
    (tmp_path / "meminfo").write_text("nothing of use\n")
    assert read_board(tmp_path).ram_mib == 0


def test_this_machine_has_memory() -> None:
    assert read_board().ram_mib > 100


def test_a_board_is_told_in_words() -> None:
    assert str(Board("Raspberry Pi 4", 3793, 4)) == "Raspberry Pi 4 with 3.7 GiB of memory and 4 cores"
    assert str(Board("", 1024, 1)) == "a computer with 1.0 GiB of memory and 1 core"
