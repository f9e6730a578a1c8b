"""Timers on a real disk: killed while they ring, damaged, read-only, full."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from cache.timers import TimerRow, TimerStore
from device.contracts import Timer, TimerKind
from device.timer_book import Now, TimerBook
from device.timers_kept import FILE, KeptTimers, Recalled
from tests.cache.ruins import ruin_in_use

TEA = TimerRow(1, "timer", "tea", 240, "", 1_800_000_240.0, rang=False)
REPOSITORY = Path(__file__).resolve().parents[2]

RINGING_DEVICE = """
import asyncio, itertools, sys
from pathlib import Path
from device.alarms import Alarms
from device.brain.packs import timer_phrases
from device.contracts import Timer, TimerKind
from device.timers_kept import KeptTimers

def announce(announcement):
    print(announcement.rings, announcement.text, flush=True)

async def main():
    alarms = Alarms(KeptTimers(Path(sys.argv[1])), announce, itertools.count(1), timer_phrases("en"))
    if len(sys.argv) > 2:
        alarms.add(Timer(TimerKind.TIMER, sys.argv[2], length_s=1))
    await alarms.run()

asyncio.run(main())
"""


def ringing(state: Path, *label: str) -> tuple[subprocess.Popen[str], str]:
    """A device of its own process, and the first thing that it announces."""
    device = subprocess.Popen(
        [sys.executable, "-c", RINGING_DEVICE, str(state), *label],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert device.stdout is not None
    return device, device.stdout.readline().strip()


def killed(device: subprocess.Popen[str]) -> None:
    os.kill(device.pid, signal.SIGKILL)
    device.wait()
    assert device.stdout is not None
    device.stdout.close()


def test_one_that_is_killed_while_it_rings_rings_at_the_next_start(tmp_path: Path) -> None:
    first, rang = ringing(tmp_path, "tea")
    assert "tea timer" in rang
    until_on_disk(tmp_path)
    killed(first)
    second, rings_again = ringing(tmp_path)
    killed(second)
    assert rings_again.startswith("True")
    assert "tea timer" in rings_again
    assert "switched off" not in rings_again


def until_on_disk(state: Path) -> None:
    """That it rings was given to the writer just before it was announced."""
    for _ in range(500):
        if [row.rang for row in TimerStore(state / FILE).all()] == [True]:
            return
        time.sleep(0.01)
    pytest.fail("what rings was not on disk after 5 s")


# --- one run -------------------------------------------------------------------------------------


def with_kept(state: Path, story: Callable[[KeptTimers], Awaitable[None]]) -> None:
    async def whole() -> None:
        kept = KeptTimers(state)
        try:
            await story(kept)
        finally:
            await kept.close()

    asyncio.run(whole())


async def written(kept: KeptTimers, rows: list[TimerRow]) -> None:
    """`keep`, and wait for the disk behind it."""
    kept.keep(rows)
    await kept.recall()


def test_what_was_kept_is_recalled(tmp_path: Path) -> None:
    async def write(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([], lost=False)
        await written(kept, [TEA])
        assert kept.working

    async def read(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([TEA], lost=False)

    with_kept(tmp_path, write)
    with_kept(tmp_path, read)


def test_a_damaged_list_is_set_aside_and_said_to_be_lost_once(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"rubbish" * 1000)

    async def first(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([], lost=True)
        await written(kept, [TEA])
        assert kept.working

    async def next_start(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([TEA], lost=False)

    with_kept(tmp_path, first)
    with_kept(tmp_path, next_start)


def test_a_list_that_is_damaged_while_in_use_is_kept_in_a_new_file(tmp_path: Path) -> None:
    async def story(kept: KeptTimers) -> None:
        await written(kept, [])
        ruin_in_use(tmp_path / FILE)
        assert await kept.recall() is None
        assert not kept.working
        await written(kept, [TEA])
        assert kept.working

    async def next_start(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([TEA], lost=False)

    with_kept(tmp_path, story)
    with_kept(tmp_path, next_start)


def test_a_disk_that_cannot_be_written_is_known_not_to_work(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")

    async def story(kept: KeptTimers) -> None:
        assert await kept.recall() is None
        assert not kept.working
        await written(kept, [TEA])
        assert not kept.working
        (tmp_path / "state").unlink()
        assert await kept.recall() == Recalled([], lost=False)
        assert kept.working

    with_kept(tmp_path / "state", story)


def test_a_full_disk_is_known_not_to_work_and_the_next_write_may(tmp_path: Path) -> None:
    """`max_page_count` makes SQLite fail as a full disk does: "database or disk is full"."""
    many = [
        TimerRow(number, "reminder", "x" * 4000, 60, "", 1_800_000_000.0, rang=False) for number in range(20)
    ]

    async def story(kept: KeptTimers) -> None:
        await kept.recall()
        await limit(kept, 4)
        kept.keep(many)
        await limit(kept, 10_000)
        assert not kept.working
        kept.keep([TEA])
        await limit(kept, 10_000)
        assert kept.working
        assert await kept.recall() == Recalled([TEA], lost=False)

    async def limit(kept: KeptTimers, pages: int) -> None:
        await kept._worker.run(
            lambda made, stop: made.store._database.execute(f"PRAGMA max_page_count = {pages}").fetchone(),
            5.0,
        )

    with_kept(tmp_path, story)


def test_no_word_of_a_timer_reaches_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")

    async def story(kept: KeptTimers) -> None:
        await written(kept, [TimerRow(1, "reminder", "about the canary", 60, "", 1.0, rang=False)])

    caplog.set_level("DEBUG")
    with_kept(tmp_path / "state", story)
    assert "cannot be kept on disk" in caplog.text
    assert "canary" not in caplog.text


def test_the_rows_of_a_book_are_what_the_disk_takes(tmp_path: Path) -> None:
    now = Now(1_800_000_000.0, 5.0)
    book = TimerBook(now, lambda local: local.timestamp())
    for kind in TimerKind:
        assert book.add(Timer(kind, 'it\'s "x"; DROP TABLE timers --', length_s=60), now) is None
    store = TimerStore(tmp_path / FILE)
    store.replace(book.rows())
    assert store.all() == book.rows()
