"""Timers on disk: all or none, and nothing that makes no sense."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from cache.timers import TimerRow, TimerStore

TEA = TimerRow(1, "timer", "tea", 240, "", 1_800_000_240.0, rang=False)
WAKE = TimerRow(2, "alarm", "", 0, "2027-01-15T07:00:00", 1_800_000_100.5, rang=True)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "timers.db"


def test_what_was_kept_is_there_after_a_restart_the_next_one_first(file: Path) -> None:
    store = TimerStore(file)
    store.replace([TEA, WAKE])
    store.close()
    assert TimerStore(file).all() == [WAKE, TEA]


def test_keeping_replaces_all_that_was_there(file: Path) -> None:
    store = TimerStore(file)
    store.replace([TEA, WAKE])
    store.replace([replace(TEA, due_utc=5.0)])
    assert store.all() == [replace(TEA, due_utc=5.0)]
    store.replace([])
    assert store.all() == []


@pytest.mark.parametrize(
    "wrong",
    [
        replace(TEA, kind="gong"),
        replace(TEA, local="2027-01-15T07:00:00"),
        replace(WAKE, local=""),
        replace(TEA, timer_id=WAKE.timer_id),
    ],
)
def test_one_that_makes_no_sense_leaves_all_as_it_was(file: Path, wrong: TimerRow) -> None:
    store = TimerStore(file)
    store.replace([WAKE])
    with pytest.raises(sqlite3.IntegrityError):
        store.replace([WAKE, wrong])
    assert store.all() == [WAKE]


def test_what_a_reminder_was_for_is_gone_from_the_disk_when_it_is_over(file: Path) -> None:
    store = TimerStore(file)
    store.replace([replace(TEA, kind="reminder", label="about the canary")])
    store.replace([])
    store.close()
    assert b"canary" not in file.read_bytes()
