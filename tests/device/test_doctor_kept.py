"""The doctor tells what is kept, reads only, and is loud about sound on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cache.memory import MemoryRow, MemoryStore
from cache.outbox import Bounds, Fresh, OutboxStore
from cache.promises import PromiseRow, PromiseStore
from cache.replies import ReplyStore
from cache.reply_rows import NewReply, Wording
from device import doctor_kept
from device.config import Developer, Settings
from device.finding import Finding, Machine, State

MADE_S = 1_800_000_000.0
"""2027-01-15 08:00 UTC."""

Look = Callable[..., Finding]


@pytest.fixture
def look(tmp_path: Path) -> Look:
    """Carry out one check on a state directory in `tmp_path`."""

    def check(name: str, settings: Settings | None = None) -> Finding:
        machine = Machine(settings or Settings(), (), None, {"STATE_DIRECTORY": str(tmp_path)})
        return doctor_kept.CHECKS[name](machine)

    return check


def item(kind: str, made_s: float) -> Fresh:
    return Fresh(kind, 1, "", b"{}", "", made_s, made_s + 9e9, "", "", 0.0, True, True)


def test_where_nothing_is_kept_every_check_is_fine_and_makes_nothing(look: Look, tmp_path: Path) -> None:
    found = [look(name) for name in doctor_kept.CHECKS]
    assert {finding.state for finding in found} == {State.OK}
    assert list(tmp_path.iterdir()) == []


def test_the_room_that_is_left_is_told(look: Look, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert " free" in look("state directory").detail
    monkeypatch.setattr(doctor_kept, "LITTLE_BYTES", 1 << 60)
    assert "make room" in look("state directory").fix


def test_a_conversation_is_counted(look: Look, tmp_path: Path) -> None:
    store = MemoryStore(tmp_path / "memory.db")
    store.add("2027-01-15T08:00:00+00:00", [MemoryRow("person", "hello", MADE_S, MADE_S)])
    store.close()
    assert look("kept: conversation").detail.startswith("1 line, ")


def test_learned_replies_are_told_from_the_rest(look: Look, tmp_path: Path) -> None:
    store = ReplyStore(tmp_path / "replies.db")
    for source in ("pack", "system_2", "person"):
        asked = Wording(f"what is {source}", f"what is {source}")
        store.put(NewReply("en", (asked,), "A thing.", source, "allow"), MADE_S)
    store.close()
    assert look("kept: replies").detail == "3, learned 1; 0.0 MB of 64 MB"


def test_questions_without_and_with_an_answer_are_counted(look: Look, tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.db")
    store.put(PromiseRow("a", "who won", "en", MADE_S, MADE_S + 9.0))
    store.put(PromiseRow("b", "who lost", "en", MADE_S, MADE_S + 9.0, answer="Nobody."))
    store.put(PromiseRow("c", "who played", "en", MADE_S, MADE_S + 9.0))
    store.close()
    assert look("kept: promises").detail == "2 to be found out, 1 found out and not told yet"


def test_what_waits_is_told_by_kind_with_the_oldest_beside_an_agent_that_uses_it(
    look: Look, tmp_path: Path
) -> None:
    store = OutboxStore(tmp_path / "outbox.db", Bounds(10, 10_000, 1e9))
    store.put_all([item("record", MADE_S + 60.0), item("alert", MADE_S), item("record", MADE_S + 5.0)])
    before = sorted(path.name for path in tmp_path.iterdir())
    found = look("kept: outbox")
    assert (found.state, found.detail) == (
        State.OK,
        "1 alert, 2 record; the oldest since 2027-01-15 08:00 UTC",
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    store.close()


def test_dead_letters_and_what_was_given_up_are_told(look: Look, tmp_path: Path) -> None:
    store = OutboxStore(tmp_path / "outbox.db", Bounds(1, 10_000, 1e9))
    store.put_all([item("record", MADE_S), item("record", MADE_S)])
    taken = store.take("peer", MADE_S, "", least_urgent=9)
    assert taken
    store.settle(taken.id, "rejected", MADE_S, "")
    store.close()
    found = look("kept: outbox")
    assert found.state is State.PROBLEM
    assert found.detail == "nothing waits; 1 given up unsent so far; 1 will not be sent any more"


def test_nothing_is_made_beside_a_database_that_nobody_uses(look: Look, tmp_path: Path) -> None:
    OutboxStore(tmp_path / "outbox.db", Bounds(1, 10_000, 1e9)).close()
    assert look("kept: outbox").detail == "nothing waits"
    assert [path.name for path in tmp_path.iterdir()] == ["outbox.db"]


def test_a_damaged_database_is_told_and_left_where_it_is(look: Look, tmp_path: Path) -> None:
    for name, file in (("kept: outbox", "outbox.db"), ("kept: replies", "replies.db")):
        (tmp_path / file).write_bytes(b"no database " * 1000)
        found = look(name)
        assert found.state is State.PROBLEM
        assert "is damaged" in found.detail
    assert sorted(path.name for path in tmp_path.iterdir()) == ["outbox.db", "replies.db"]


def test_files_that_were_set_aside_are_named_with_what_to_do(look: Look, tmp_path: Path) -> None:
    (tmp_path / "outbox.db.damaged").touch()
    found = look("kept: damaged")
    assert found.state is State.PROBLEM
    assert "outbox.db.damaged" in found.detail
    assert "delete" in found.fix


def test_recordings_are_told_loudly_whatever_the_setting_is(look: Look, tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    folder.mkdir()
    (folder / "1.wav").write_bytes(bytes(500_000))
    left = look("kept: recordings")
    assert (left.state, left.fix) == (State.PROBLEM, "the agent's next start erases them")
    assert "ON DISK: 1 file, 0.5 MB" in left.detail
    kept = look("kept: recordings", Settings(developer=Developer(keep_audio=True)))
    assert "developer.keep_audio = false" in kept.fix


def test_that_sound_is_going_to_be_kept_is_told_before_any_is(look: Look) -> None:
    found = look("kept: recordings", Settings(developer=Developer(keep_audio=True)))
    assert found.state is State.PROBLEM
    assert "EVERY UTTERANCE" in found.detail
