"""The outbox on disk: order, bounds with tombstones, dead letters, the ledger, and what is really erased."""

from __future__ import annotations

import math
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from cache.outbox import MOST_DEAD, MOST_LOSSES, Bounds, Dropped, Fresh, Item, OutboxStore
from cache.sent import SentRow

ROOMY = Bounds(most_items=1000, most_bytes=1_000_000, sent_s=90 * 86400.0)
PEER, UTC = "gateway.example", "2026-11-21T12:00:00.000+00:00"
ERASE, ALERT, QUESTION, RECORD, TELEMETRY = "erase", "alert", "question", "record", "telemetry"
PRIORITIES = {ERASE: 0, ALERT: 1, QUESTION: 2, RECORD: 3, TELEMETRY: 4}


def fresh(body: str, kind: str = RECORD, *, at_s: float = 100.0, key: str = "", keep_s: float = 1e6) -> Fresh:
    return Fresh(
        kind=kind,
        priority=PRIORITIES[kind],
        key=key,
        body=body.encode(),
        hash="h",
        made_s=at_s,
        expires_s=at_s + keep_s,
        made_utc=UTC,
        boot_id="boot",
        monotonic_s=at_s,
        clock_set=True,
        offline=False,
    )


def take(store: OutboxStore, at_s: float = 200.0, **how: object) -> Item | None:
    return store.take(PEER, at_s, UTC, **{"least_urgent": 9, **how})  # type: ignore[arg-type]


def settle(store: OutboxStore, item: Item | None, fate: str) -> None:
    assert item is not None
    store.settle(item.id, fate, 200.0, UTC)  # type: ignore[arg-type]


def bodies(store: OutboxStore) -> list[str]:
    """In the order in which they would be sent; takes nothing away."""
    taken: list[Item] = []
    while item := take(store, passing=[item.seq for item in taken]):
        taken.append(item)
    for item in taken:
        settle(store, item, "unsent")
    return [item.fresh.body.decode() for item in taken]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "outbox.db"


@pytest.fixture
def store(file: Path) -> OutboxStore:
    return OutboxStore(file, ROOMY)


def on_disk(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.iterdir())


# --- order and numbers ---------------------------------------------------------------------------


def test_the_most_urgent_is_sent_first_and_of_these_the_oldest(store: OutboxStore) -> None:
    for kind in (TELEMETRY, RECORD, QUESTION, ALERT, ERASE):
        store.put_all([fresh(f"{kind} 1", kind), fresh(f"{kind} 2", kind)])
    assert bodies(store) == [f"{kind} {n}" for kind in PRIORITIES for n in (1, 2)]


def test_what_was_put_is_there_after_a_restart_as_it_was(store: OutboxStore, file: Path) -> None:
    store.put(replace(fresh("{}", key="k"), clock_set=False, offline=True, expires_s=math.inf))
    store.close()
    item = take(OutboxStore(file, ROOMY))
    assert item is not None
    assert item.fresh == replace(fresh("{}", key="k"), clock_set=False, offline=True, expires_s=math.inf)


def test_a_number_is_never_used_again(store: OutboxStore, file: Path) -> None:
    first = store.put(fresh("a"))
    settle(store, take(store), "acknowledged")
    store.close()
    again = OutboxStore(file, ROOMY)
    second = again.put(fresh("b"))
    assert first is not None
    assert second is not None
    assert second > first


def test_a_wiped_database_has_another_epoch(store: OutboxStore, tmp_path: Path, file: Path) -> None:
    epoch = store.epoch
    store.close()
    assert OutboxStore(file, ROOMY).epoch == epoch
    assert OutboxStore(tmp_path / "other.db", ROOMY).epoch != epoch


def test_what_is_put_under_a_key_takes_the_place_of_what_waits_there(store: OutboxStore) -> None:
    store.put_all([fresh("old", key="k"), fresh("other", key="o"), fresh("new", key="k")])
    assert bodies(store) == ["other", "new"]


def test_a_batch_is_kept_whole_or_not_at_all(store: OutboxStore) -> None:
    wrong = replace(fresh("b"), kind=None)  # type: ignore[arg-type]
    with pytest.raises(sqlite3.IntegrityError):
        store.put_all([fresh("a"), wrong])
    assert bodies(store) == []


# --- what becomes of an item -----------------------------------------------------------------------


def test_nothing_but_an_acknowledgement_removes_it(store: OutboxStore, file: Path) -> None:
    store.put(fresh("a"))
    settle(store, take(store), "later")
    settle(store, take(store), "unsent")
    first = take(store)
    store.close()
    again = OutboxStore(file, ROOMY)
    second = take(again)
    assert first is not None
    assert second is not None
    assert first.id == second.id
    settle(again, second, "acknowledged")
    assert take(again) is None


def test_what_is_acknowledged_stands_in_the_ledger_without_its_words(store: OutboxStore) -> None:
    store.put(fresh("words", at_s=50.0))
    item = take(store, 200.0)
    assert item is not None
    settle(store, item, "acknowledged")
    assert store.forget(0.0, spare=[ERASE]) == [SentRow(RECORD, item.id, PEER, UTC, 200.0, 50.0)]


def test_what_was_on_its_way_when_the_power_went_counts_as_sent(store: OutboxStore, file: Path) -> None:
    store.put(fresh("words"))
    item = take(store)
    store.close()
    assert item is not None
    assert [row.ref for row in OutboxStore(file, ROOMY).forget(0.0, spare=[ERASE])] == [item.id]


def test_what_did_not_leave_does_not_count_as_sent(store: OutboxStore) -> None:
    store.put(fresh("words"))
    settle(store, take(store), "unsent")
    assert store.forget(0.0, spare=[ERASE]) == []


def test_what_became_of_an_item_of_another_epoch_touches_nothing(store: OutboxStore) -> None:
    store.put(fresh("a"))
    store.settle(f"{'0' * 16}-1", "acknowledged", 1.0, UTC)
    assert bodies(store) == ["a"]


def test_what_is_refused_is_a_dead_letter_at_once(store: OutboxStore) -> None:
    store.put_all([fresh("a"), fresh("b")])
    settle(store, take(store), "rejected")
    assert bodies(store) == ["b"]
    assert [(item.fresh.body, item.dead) for item in store.dead_letters()] == [(b"a", "rejected")]


def test_what_the_link_is_lost_by_again_and_again_is_a_dead_letter(store: OutboxStore) -> None:
    store.put_all([fresh("poison"), fresh("b")])
    for _ in range(MOST_LOSSES):
        item = take(store)
        assert item is not None
        assert item.fresh.body == b"poison"
    assert bodies(store) == ["b"]
    assert [item.dead for item in store.dead_letters()] == ["poison"]


def test_a_system_2_that_is_only_busy_kills_nothing(store: OutboxStore) -> None:
    store.put(fresh("a"))
    for _ in range(3 * MOST_LOSSES):
        settle(store, take(store), "later")
    assert bodies(store) == ["a"]


def test_dead_letters_are_bounded_and_counted(store: OutboxStore) -> None:
    for number in range(MOST_DEAD + 3):
        store.put(fresh(str(number)))
        settle(store, take(store), "rejected")
    assert store.dead_letters()[0].fresh.body == b"3"
    assert store.contents().dead == {RECORD: MOST_DEAD}
    assert store.contents().dropped == (Dropped(RECORD, "dead", 3, UTC),)


# --- bounds ------------------------------------------------------------------------------------------


def test_what_is_too_much_is_given_up_the_least_urgent_and_oldest_first(file: Path) -> None:
    store = OutboxStore(file, replace(ROOMY, most_items=4))
    store.put_all([fresh("t1", TELEMETRY), fresh("t2", TELEMETRY), fresh("e", ERASE), fresh("a", ALERT)])
    store.put(fresh("q1", QUESTION))
    assert bodies(store) == ["e", "a", "q1", "t2"]
    store.put_all([fresh("q2", QUESTION), fresh("q3", QUESTION)])
    assert bodies(store) == ["e", "a", "q2", "q3"]
    assert store.contents().dropped == (
        Dropped(QUESTION, "full", 1, UTC),
        Dropped(TELEMETRY, "full", 2, UTC),
    )


def test_what_there_is_no_room_for_is_not_said_to_be_kept(file: Path) -> None:
    store = OutboxStore(file, replace(ROOMY, most_items=2))
    assert store.put_all([fresh("a1", ALERT), fresh("a2", ALERT)]) == [1, 2]
    assert store.put(fresh("t", TELEMETRY)) is None
    assert bodies(store) == ["a1", "a2"]


def test_bytes_are_bounded_too(file: Path) -> None:
    store = OutboxStore(file, replace(ROOMY, most_bytes=250))
    for name in "abc":
        store.put(fresh(name * 100))
    assert [body[0] for body in bodies(store)] == ["b", "c"]


def test_what_is_too_old_is_given_up_and_counted(store: OutboxStore) -> None:
    store.put_all([fresh("old", keep_s=10.0), fresh("young", keep_s=1000.0)])
    item = take(store, 111.0)
    assert item is not None
    assert item.fresh.body == b"young"
    assert store.contents().dropped == (Dropped(RECORD, "expired", 1, UTC),)


def test_tombstones_are_told_when_there_are_more_of_them(file: Path) -> None:
    store = OutboxStore(file, replace(ROOMY, most_items=1))
    store.put_all([fresh("a"), fresh("b")])
    told = store.untold()
    assert [stone.count for stone in told] == [1]
    store.note_told(told)
    assert store.untold() == ()
    store.put(fresh("c"))
    assert [stone.count for stone in store.untold()] == [2]


# --- what is taken back ------------------------------------------------------------------------------


def test_what_is_withdrawn_is_gone_from_the_disk(store: OutboxStore, file: Path) -> None:
    store.put(fresh("a canary phrase", QUESTION, key="q1"))
    assert store.withdraw("q1")
    assert b"canary" not in on_disk(file)
    assert not store.withdraw("q1")


def test_what_may_have_left_cannot_be_withdrawn_but_is_not_sent_again(store: OutboxStore) -> None:
    store.put(fresh("a", QUESTION, key="q1"))
    item = take(store)
    assert not store.withdraw("q1")
    assert take(store) is None
    settle(store, item, "acknowledged")
    assert [row.kind for row in store.forget(0.0, spare=[ERASE])] == [QUESTION]


def test_forgetting_removes_what_is_young_and_tells_what_had_left(store: OutboxStore, file: Path) -> None:
    store.put_all([fresh("sent", at_s=100.0), fresh("erase", ERASE, at_s=100.0)])
    settle(store, take(store, passing=[2]), "acknowledged")
    store.put_all([fresh("kept", at_s=10.0), fresh("a canary phrase", at_s=150.0)])
    store.note_sent(SentRow("turn", "session 7", PEER, UTC, 160.0, 160.0))
    store.note_sent(SentRow("turn", "session 1", PEER, UTC, 20.0, 20.0))
    sent = store.forget(100.0, spare=[ERASE])
    assert [(row.kind, row.ref) for row in sent] == [(RECORD, f"{store.epoch}-1"), ("turn", "session 7")]
    assert bodies(store) == ["erase", "kept"]
    assert b"canary" not in on_disk(file)


def test_forgetting_reaches_dead_letters(store: OutboxStore, file: Path) -> None:
    store.put(fresh("a canary phrase"))
    settle(store, take(store), "rejected")
    store.forget(-math.inf, spare=[ERASE])
    assert store.dead_letters() == []
    assert b"canary" not in on_disk(file)


def test_what_was_acknowledged_is_gone_from_the_disk_after_tidying(store: OutboxStore, file: Path) -> None:
    store.put(fresh("a canary phrase"))
    settle(store, take(store), "acknowledged")
    store.tidy(200.0)
    assert b"canary" not in on_disk(file)


def test_what_was_sent_long_ago_is_not_known_any_more(store: OutboxStore) -> None:
    store.note_sent(SentRow("turn", "s 1", PEER, UTC, 100.0, 100.0))
    store.note_sent(SentRow("turn", "s 2", PEER, UTC, 200.0, 200.0))
    store.tidy(150.0 + ROOMY.sent_s)
    assert [row.ref for row in store.forget(0.0, spare=[ERASE])] == ["s 2"]


# --- a damaged file ----------------------------------------------------------------------------------


def filled(file: Path) -> str:
    store = OutboxStore(file, ROOMY)
    store.put_all([fresh("x" * 900) for _ in range(60)])
    store.close()
    return store.epoch


def page_in_ruins(file: Path) -> None:
    sound = bytearray(file.read_bytes())
    sound[5 * 4096 : 9 * 4096] = b"\x55" * (4 * 4096)
    file.write_bytes(sound)


def garbage(file: Path) -> None:
    file.write_bytes(b"this was never a database. " * 500)


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:6000])


@pytest.mark.parametrize("damage", [page_in_ruins, garbage, truncated])
def test_a_damaged_one_is_set_aside_and_its_epoch_with_it(file: Path, damage: object) -> None:
    epoch = filled(file)
    damage(file)  # type: ignore[operator]
    store = OutboxStore(file, ROOMY)
    assert file.with_name("outbox.db.damaged").exists()
    assert store.epoch != epoch
    assert take(store) is None
    assert store.put(fresh("new")) == 1


def test_an_empty_file_is_a_new_outbox(file: Path) -> None:
    epoch = filled(file)
    file.write_bytes(b"")
    store = OutboxStore(file, ROOMY)
    assert store.epoch != epoch
    assert take(store) is None


def test_of_a_corrupt_log_what_is_sound_counts_and_its_epoch_stays_true(file: Path) -> None:
    filled(file)
    store = OutboxStore(file, ROOMY)
    for number in range(20):
        store.put(fresh(f"late {number}"))
    log = file.with_name("outbox.db-wal")
    main, wal = file.read_bytes(), bytearray(log.read_bytes())  # as a power cut leaves them
    store.close()
    wal[len(wal) // 2 : len(wal) // 2 + 512] = b"\xaa" * 512
    file.write_bytes(main)
    log.write_bytes(wal)
    again = OutboxStore(file, ROOMY)
    assert again.epoch != store.epoch  # the numbers that were lost are given out again, the ids are not
    waiting = bodies(again)
    late = [body for body in waiting if body.startswith("late")]
    assert waiting[:60] == ["x" * 900] * 60
    assert late == [f"late {number}" for number in range(len(late))]
    assert 0 < len(late) < 20
