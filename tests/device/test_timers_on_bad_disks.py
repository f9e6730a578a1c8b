"""Timers that were kept on a disk that is really full or read-only now: needs root."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cache.timers import TimerStore
from device.timers_kept import FILE, KeptTimers, Recalled
from tests import small_disk
from tests.device.test_timers_kept import TEA, with_kept, written
from tests.small_disk import SmallDisk


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
@pytest.mark.parametrize(
    ("worsens", "recovers"),
    [(SmallDisk.fill, SmallDisk.make_room), (SmallDisk.read_only, SmallDisk.writable)],
    ids=["full", "read-only"],
)
def test_what_was_kept_before_is_recalled_from_a_disk_that_can_only_be_read(
    tmp_path: Path,
    worsens: Callable[[SmallDisk], None],
    recovers: Callable[[SmallDisk], None],
    *,
    killed: bool,
) -> None:
    async def story(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([TEA], lost=False)
        recovers(disk)
        await written(kept, [])
        assert kept.working
        assert await kept.recall() == Recalled([], lost=False)

    small_disk.make(image := tmp_path / "disk.img", 4)
    with small_disk.mounted(image, tmp_path / "disk") as disk:
        before = TimerStore(disk.folder / "ended" / FILE)
        before.replace([TEA])
        shutil.copytree(disk.folder / "ended", disk.folder / "killed")
        before.close()
        worsens(disk)
        with_kept(disk.folder / ("killed" if killed else "ended"), story)


def test_a_disk_that_can_only_be_read_is_known_not_to_keep(tmp_path: Path) -> None:
    async def story(kept: KeptTimers) -> None:
        assert await kept.recall() == Recalled([], lost=False)
        assert not kept.working

    small_disk.make(image := tmp_path / "disk.img", 4)
    with small_disk.mounted(image, tmp_path / "disk") as disk:
        TimerStore(disk.folder / FILE).close()
        disk.read_only()
        with_kept(disk.folder, story)
