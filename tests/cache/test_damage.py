"""Files in ruins: what can be read is kept, the rest is set aside, and every store begins anew by itself."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cache.database import DAMAGED, is_damage, set_aside_if_damaged
from cache.reopening import Closable, Reopening
from tests.cache.ruins import PAGE, RUBBISH, ruin_in_use
from tests.cache.stores import STORES, Kind

SOME = 30
WAL_HEADER, FRAME = 32, 24 + PAGE
"""sqlite.org/fileformat2: the write-ahead log is a header and frames of a page each."""
every_store = pytest.mark.parametrize("kind", STORES.values(), ids=STORES)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "some.db"


def wal(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def set_aside(file: Path) -> bool:
    return file.with_name(file.name + DAMAGED).exists()


def closed(kind: Kind, file: Path) -> set[int]:
    """The numbers in a store that was closed as it should be."""
    with closing(kind.opened(file)) as store:
        for number in range(1, SOME + 1):
            kind.add(store, number)
    return set(range(1, SOME + 1))


def left_open(kind: Kind, file: Path) -> set[int]:
    """The numbers in a store that was killed: all of them are in its log alone."""
    elsewhere = file.with_name("living") / file.name
    with closing(kind.opened(elsewhere)) as store:
        for number in range(1, SOME + 1):
            kind.add(store, number)
        for each in elsewhere.parent.iterdir():
            shutil.copy(each, file.parent)
    return set(range(1, SOME + 1))


def works(kind: Kind, file: Path) -> set[int]:
    """Open it, keep a number; what else was there."""
    with closing(kind.opened(file)) as store:
        kind.add(store, 1000)
    return kind.numbers(file) - {1000}


@every_store
def test_ruins_on_any_page_never_keep_it_from_working(tmp_path: Path, kind: Kind) -> None:
    sound = tmp_path / "sound.db"
    kept = closed(kind, sound)
    found = []
    for page in range(sound.stat().st_size // PAGE):
        file = tmp_path / f"{page}.db"
        ruined = bytearray(sound.read_bytes())
        ruined[page * PAGE : page * PAGE + 200] = RUBBISH * 200
        file.write_bytes(ruined)
        left = works(kind, file)
        assert left == set() if set_aside(file) else left <= kept
        found.append(set_aside(file))
    assert found[0]
    assert sum(found) >= 2


def half(content: bytes) -> bytes:
    return content[: len(content) // 2]


def noise_at_the_end(content: bytes) -> bytes:
    return content + RUBBISH * 3 * FRAME


def one_bit_in_the_middle(content: bytes) -> bytes:
    broken = bytearray(content)
    broken[WAL_HEADER + (len(content) - WAL_HEADER) // FRAME // 2 * FRAME + 1000] ^= 1
    return bytes(broken)


def another_salt(content: bytes) -> bytes:
    return content[:16] + bytes(byte ^ 0xFF for byte in content[16:24]) + content[24:]


def header_cut_short(content: bytes) -> bytes:
    return content[: WAL_HEADER // 2]


def all_noise(content: bytes) -> bytes:
    return RUBBISH * len(content)


@every_store
@pytest.mark.parametrize(
    "damage", [half, noise_at_the_end, one_bit_in_the_middle, another_salt, header_cut_short, all_noise]
)
def test_of_a_log_in_ruins_what_came_before_them_is_kept(
    file: Path, kind: Kind, damage: Callable[[bytes], bytes]
) -> None:
    file.parent.mkdir()
    kept = left_open(kind, file)
    wal(file).write_bytes(damage(wal(file).read_bytes()))
    left = works(kind, file)
    assert left == set(range(1, len(left) + 1)), "the first ones, without a gap"
    assert (left == kept) is (damage is noise_at_the_end)
    assert bool(left) is (damage in (half, noise_at_the_end, one_bit_in_the_middle))
    assert not set_aside(file)


@every_store
def test_the_index_of_the_log_may_be_missing(file: Path, kind: Kind) -> None:
    file.parent.mkdir()
    kept = left_open(kind, file)
    file.with_name(file.name + "-shm").unlink()
    assert works(kind, file) == kept


@every_store
def test_without_its_log_it_begins_anew(file: Path, kind: Kind) -> None:
    file.parent.mkdir()
    left_open(kind, file)
    wal(file).unlink()
    assert works(kind, file) == set()


@every_store
def test_an_empty_file_is_a_new_database_whatever_log_lies_beside_it(file: Path, kind: Kind) -> None:
    file.parent.mkdir()
    left_open(kind, file)
    file.write_bytes(b"")
    assert works(kind, file) == set()


@every_store
def test_a_folder_in_its_place_is_an_error_and_stays(file: Path, kind: Kind) -> None:
    file.mkdir(parents=True)
    with pytest.raises((OSError, sqlite3.Error)):
        kind.opened(file)
    assert file.is_dir()


@every_store
def test_one_of_a_newer_release_is_an_error_and_stays(file: Path, kind: Kind) -> None:
    kept = closed(kind, file)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(sqlite3.OperationalError, match="newer release"):
        kind.opened(file)
    assert kind.numbers(file) == kept
    assert not set_aside(file)


@every_store
def test_damage_that_shows_in_use_costs_what_was_kept_but_not_what_comes(file: Path, kind: Kind) -> None:
    closed(kind, file)
    store: Reopening[Closable] = Reopening(file, lambda: kind.opened(file))
    store.use(lambda opened: None)
    ruin_in_use(file)
    with pytest.raises(sqlite3.DatabaseError) as failed:
        store.use(lambda opened: kind.add(opened, 1001))
    assert is_damage(failed.value)
    assert set_aside(file)
    store.use(lambda opened: kind.add(opened, 1002))
    store.close()
    assert kind.numbers(file) == {1002}


def test_what_only_seemed_damaged_is_kept(file: Path) -> None:
    """As on a disk that fails to be read for a moment."""
    kind = STORES["outbox"]
    kept = closed(kind, file)
    store: Reopening[Closable] = Reopening(file, lambda: kind.opened(file))

    def misread(opened: object) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with pytest.raises(sqlite3.DatabaseError):
        store.use(misread)
    store.use(lambda opened: kind.add(opened, 1000))
    store.close()
    assert kind.numbers(file) == kept | {1000}
    assert not set_aside(file)


def test_an_index_that_does_not_fit_its_table_is_damage_when_all_is_read(file: Path) -> None:
    kept = closed(STORES["outbox"], file)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("CREATE INDEX by_body ON items (body)")
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_schema SET sql = 'CREATE INDEX by_body ON items (hash)' WHERE name = 'by_body'"
        )
    assert works(STORES["outbox"], file) == kept, "a quick check compares no index"
    set_aside_if_damaged(file)
    assert set_aside(file)


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("disk I/O error"), sqlite3.IntegrityError("UNIQUE"), OSError()]
)
def test_other_errors_are_no_damage(file: Path, error: Exception) -> None:
    assert not is_damage(error)


def test_every_module_that_opens_a_database_is_tested_here() -> None:
    folder = Path(__file__).resolve().parents[2] / "cache"
    opening = {each.stem for each in folder.glob("*.py") if "= open_database(" in each.read_text("utf-8")}
    assert opening == set(STORES)
