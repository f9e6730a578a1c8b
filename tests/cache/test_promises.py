"""Promises on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from cache.promises import PromiseRow, PromiseStore

ROW = PromiseRow("a1", "who won the zephyr cup", "en", 100.0, 500.0)
LATER = PromiseRow("a0", "will it snow", "en", 200.0, 600.0)


def on_disk(folder: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in folder.iterdir())


def test_what_was_put_is_there_when_it_is_opened_again_the_oldest_first(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(LATER)
    store.put(ROW)
    store.close()
    assert PromiseStore(tmp_path / "promises.db").all() == [ROW, LATER]


def test_an_answer_takes_the_place_of_what_was_open(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(ROW)
    found = replace(ROW, answer="The reds.", shelved=True)
    store.put(found)
    assert store.all() == [found]


def test_of_what_was_erased_nothing_is_left_on_disk_while_the_store_is_open(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(ROW)
    store.put(replace(ROW, answer="The quokkas won."))
    store.put(LATER)
    assert on_disk(tmp_path, "zephyr")
    assert on_disk(tmp_path, "quokkas")
    store.erase([ROW.question_id])
    assert not on_disk(tmp_path, "zephyr")
    assert not on_disk(tmp_path, "quokkas")
    assert store.all() == [LATER]


def test_what_was_promised_since_a_time_or_ever_is_forgotten(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(ROW)
    store.put(LATER)
    assert store.forget(LATER.made_s) == 1
    assert store.all() == [ROW]
    assert store.forget(None) == 1
    assert not on_disk(tmp_path, "zephyr")


def test_erasing_what_is_not_there_changes_nothing(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(ROW)
    store.erase(["b7"])
    assert store.all() == [ROW]


def test_a_promise_is_flushed_to_disk_at_every_commit(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    (synchronous,) = store._database.execute("PRAGMA synchronous").fetchone()
    assert synchronous == 2
