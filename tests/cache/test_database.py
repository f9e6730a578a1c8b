"""Databases are opened whole, and what is damaged never keeps the device from starting."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from cache.database import erase_database, open_database

FIRST = "CREATE TABLE notes (text TEXT)"
SECOND = "ALTER TABLE notes ADD COLUMN at TEXT"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "notes.db"


def columns(database: sqlite3.Connection) -> list[str]:
    return [row[1] for row in database.execute("PRAGMA table_info(notes)")]


def test_a_new_one_has_the_newest_schema_and_is_for_its_owner_alone(file: Path) -> None:
    database = open_database(file, [FIRST, SECOND])
    assert columns(database) == ["text", "at"]
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0
    database.close()


def test_an_old_one_is_brought_up_to_date_and_keeps_its_rows(file: Path) -> None:
    database = open_database(file, [FIRST])
    database.execute("INSERT INTO notes VALUES ('kept')")
    database.close()
    database = open_database(file, [FIRST, SECOND])
    assert database.execute("SELECT text, at FROM notes").fetchall() == [("kept", None)]
    database.close()


def test_a_migration_that_fails_leaves_the_schema_before_it(file: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        open_database(file, [FIRST, "ALTER TABLE notes ADD COLUMN at TEXT; SELECT nonsense FROM nowhere"])
    database = open_database(file, [FIRST])
    assert columns(database) == ["text"]
    database.close()


def test_one_of_a_newer_release_is_not_touched(file: Path) -> None:
    open_database(file, [FIRST, SECOND]).close()
    with pytest.raises(sqlite3.OperationalError, match="newer release"):
        open_database(file, [FIRST])
    database = open_database(file, [FIRST, SECOND])
    assert columns(database) == ["text", "at"]
    database.close()


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_one_is_set_aside_and_a_new_one_begun(file: Path, damage: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(damage)
    database = open_database(file, [FIRST])
    assert columns(database) == ["text"]
    assert file.with_name("notes.db.damaged").read_bytes() == damage
    assert file.stat().st_mode & 0o077 == 0
    database.close()


def test_rows_with_a_page_in_ruins_are_not_trusted(file: Path) -> None:
    database = open_database(file, [FIRST])
    database.executemany("INSERT INTO notes VALUES (?)", [("x" * 500,)] * 100)
    database.close()
    sound = bytearray(file.read_bytes())
    sound[8192:12288] = b"\x55" * 4096
    file.write_bytes(sound)
    database = open_database(file, [FIRST])
    assert database.execute("SELECT count(*) FROM notes").fetchone() == (0,)
    database.close()


def test_deleted_words_are_gone_from_the_disk(file: Path) -> None:
    database = open_database(file, [FIRST])
    database.execute("INSERT INTO notes VALUES ('a canary phrase')")
    database.execute("DELETE FROM notes")
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert not any(b"canary" in path.read_bytes() for path in file.parent.iterdir())
    database.close()


def test_erasing_leaves_nothing_of_it(file: Path) -> None:
    file.parent.mkdir()
    file.write_bytes(b"not a database, but words")
    database = open_database(file, [FIRST])
    database.execute("INSERT INTO notes VALUES ('words')")
    erase_database(file)
    database.close()
    assert list(file.parent.iterdir()) == []
    erase_database(file)


def test_a_file_too_large_to_be_read_through_is_opened_unread(tmp_path: Path) -> None:
    file = tmp_path / "some.db"
    open_database(file, ["CREATE TABLE some (line TEXT)"]).close()
    damaged = bytearray(file.read_bytes())
    damaged[4096:] = bytes(len(damaged) - 4096)
    file.write_bytes(damaged)
    open_database(file, ["CREATE TABLE some (line TEXT)"], check_up_to_bytes=4096).close()
    assert file.read_bytes()[4096:] == damaged[4096:]
    open_database(file, ["CREATE TABLE some (line TEXT)"], check_up_to_bytes=8192).close()
    assert file.with_name("some.db.damaged").exists()
