"""What lies on a disk that takes nothing is read, and nothing else is."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cache.reading import read_timers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "timers.db"


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 100])
def test_what_is_no_sound_database_is_not_read(file: Path, damage: bytes) -> None:
    file.write_bytes(damage)
    with pytest.raises(sqlite3.Error):
        read_timers(file)
    assert file.read_bytes() == damage


def test_reading_makes_no_file(tmp_path: Path, file: Path) -> None:
    with pytest.raises(sqlite3.Error):
        read_timers(file)
    assert list(tmp_path.iterdir()) == []
