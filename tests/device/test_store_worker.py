"""A store in its thread survives the damage of its file."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from cache.database import DAMAGED, is_damage
from cache.memory import MemoryStore
from device.store_worker import StoreWorker
from tests.cache.ruins import ruin_in_use

DISK_S = 10.0
LINE = ("person", "a line")


def test_the_job_that_meets_damage_fails_and_the_next_one_has_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"

    async def story() -> None:
        worker = StoreWorker("memory", file, MemoryStore)
        await worker.run(lambda store, stop: store.add("", [LINE] * 100), DISK_S)
        ruin_in_use(file)
        with pytest.raises(sqlite3.DatabaseError) as failed:
            await worker.run(lambda store, stop: store.last(1), DISK_S)
        assert is_damage(failed.value)
        await worker.run(lambda store, stop: store.add("", [LINE]), DISK_S)
        assert await worker.run(lambda store, stop: store.last(5), DISK_S) == [LINE]
        await worker.close()

    asyncio.run(story())
    assert file.with_name(file.name + DAMAGED).exists()


def test_a_job_that_fails_otherwise_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "memory.db"

    async def story() -> None:
        worker = StoreWorker("memory", file, MemoryStore)
        await worker.run(lambda store, stop: store.add("", [LINE]), DISK_S)
        with pytest.raises(sqlite3.IntegrityError):
            await worker.run(lambda store, stop: store.add("", [("nobody", "")]), DISK_S)
        assert await worker.run(lambda store, stop: store.last(5), DISK_S) == [LINE]
        await worker.close()

    asyncio.run(story())
    assert not file.with_name(file.name + DAMAGED).exists()
