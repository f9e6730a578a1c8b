"""A store in its thread survives the damage of its file."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from cache.database import DAMAGED, is_damage
from cache.promises import PromiseRow, PromiseStore
from device.store_worker import StoreWorker
from tests.cache.ruins import ruin_in_use

DISK_S = 10.0
ROW = PromiseRow("1", "why?", "en", 0.0, 1.0)


def test_the_job_that_meets_damage_fails_and_the_next_one_has_a_new_file(tmp_path: Path) -> None:
    file = tmp_path / "promises.db"

    async def story() -> None:
        worker = StoreWorker("promises", file, PromiseStore)
        await worker.run(lambda store, stop: store.put(ROW), DISK_S)
        ruin_in_use(file)
        with pytest.raises(sqlite3.DatabaseError) as failed:
            await worker.run(lambda store, stop: store.all(), DISK_S)
        assert is_damage(failed.value)
        await worker.run(lambda store, stop: store.put(ROW), DISK_S)
        assert await worker.run(lambda store, stop: store.all(), DISK_S) == [ROW]
        await worker.close()

    asyncio.run(story())
    assert file.with_name(file.name + DAMAGED).exists()


def test_a_job_that_fails_otherwise_leaves_the_file_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "promises.db"

    async def story() -> None:
        worker = StoreWorker("promises", file, PromiseStore)
        await worker.run(lambda store, stop: store.put(ROW), DISK_S)
        with pytest.raises(sqlite3.IntegrityError):
            await worker.run(
                lambda store, stop: store.put(replace(ROW, shelved=2)),  # type: ignore[arg-type]
                DISK_S,
            )
        assert await worker.run(lambda store, stop: store.all(), DISK_S) == [ROW]
        await worker.close()

    asyncio.run(story())
    assert not file.with_name(file.name + DAMAGED).exists()
