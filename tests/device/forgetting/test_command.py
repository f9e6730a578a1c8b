"""`twominds forget` as a person runs it, where no agent runs; with one: test_door.py."""

from __future__ import annotations

import argparse
import json
import sqlite3
import threading
from pathlib import Path

import pytest

from cache.memory import MemoryRow, MemoryStore
from cache.timers import TimerRow, TimerStore
from device.cli import main
from device.forgetting.command import as_text, duration_s

NOW_S = 1_800_000_000.0
OLD, NEW, ALARM = "the kettle is blue", "Zdenka keeps a giraffe", "water the orchid"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Something said an hour ago, something a minute ago, a reminder, a recording, and a damaged file."""
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    lived = {"lived_s": NOW_S, "wall_s": 4e9}  # a wall clock that is behind adds nothing
    (tmp_path / "lived.json").write_text(json.dumps(lived))
    memory = MemoryStore(tmp_path / "memory.db")
    memory.add("2026-03-03T15:05:00+00:00", [MemoryRow("person", OLD, NOW_S - 3700, NOW_S - 3600)])
    memory.add("2026-03-03T16:05:00+00:00", [MemoryRow("person", NEW, NOW_S - 90, NOW_S - 60)])
    memory.close()
    timers = TimerStore(tmp_path / "timers.db")
    timers.replace([TimerRow(1, "reminder", ALARM, 60, "", 2e9, False)])
    timers.close()
    (tmp_path / "recordings").mkdir()
    (tmp_path / "recordings" / f"{NOW_S - 60:014.3f}.wav").write_text(NEW)
    (tmp_path / "memory.db.damaged").write_text(NEW)
    return tmp_path


def holds(state: Path, words: str) -> bool:
    return any(words.encode() in file.read_bytes() for file in state.rglob("*") if file.is_file())


def test_the_last_minutes_are_gone_and_the_rest_stays(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert holds(state, NEW)
    assert main(["forget", "--last", "5m"]) == 0
    assert [holds(state, words) for words in (OLD, NEW, ALARM)] == [True, False, True]
    told = capsys.readouterr().out.splitlines()
    assert [line.split() for line in told[1:]] == [
        ["conversation", "1"],
        ["recordings", "1"],
        ["damaged", "files", "1"],
    ]


def test_everything_is_gone_alarms_too(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--all", "--yes", "--json"]) == 0
    assert [holds(state, words) for words in (OLD, NEW, ALARM)] == [False, False, False]
    told = json.loads(capsys.readouterr().out)
    assert (told["by"], told["done"]) == ("disk", True)
    assert {part["part"]: part["removed"] for part in told["parts"]}["alarms"] == 1


def test_nothing_is_made_where_nothing_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert main(["forget", "--last", "1d"]) == 0
    assert not list(tmp_path.rglob("*.db*"))


def test_what_is_still_in_the_log_is_told_and_fails(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cache.database.BUSY_S", 0.05)
    reader = sqlite3.connect(state / "memory.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM lines").fetchone()
    assert main(["forget", "--all", "--yes"]) == 1
    assert "somebody reads it" in capsys.readouterr().out
    reader.close()
    assert (state / "forget.json").exists()
    assert main(["forget", "--last", "30s"]) == 0
    assert not holds(state, OLD)


def test_everything_is_not_erased_where_nobody_can_be_asked(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["forget", "--all"]) == 1
    assert "--yes" in capsys.readouterr().err
    assert holds(state, OLD)


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86_400), (" 10M ", 600)]
)
def test_lengths_of_time_are_understood(text: str, seconds: float) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "0m", "-5m", "5 minutes", "1.5h", "5w", "1h30m"])
def test_what_is_no_length_of_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="30s, 5m, 2h or 1d"):
        duration_s(text)


def test_what_had_been_sent_is_listed_with_when_and_to_whom() -> None:
    sent = {"kind": "turn", "ref": "s 1", "peer": "wss://gateway.example", "sent_utc": "2026-03-03T15:05:00"}
    report = {"by": "agent", "done": True, "parts": [], "sent": [sent], "asked_back": True}
    text = as_text(report)
    assert "asked to forget it, too" in text
    assert "turn       2026-03-03T15:05:00  to wss://gateway.example" in text
    assert "not asked back" in as_text(report | {"asked_back": False})


def test_no_thread_is_left_behind(state: Path) -> None:
    assert main(["forget", "--last", "30s"]) == 0
    assert "recordings" not in {thread.name for thread in threading.enumerate()}


def test_what_held_nothing_is_not_listed(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "--last", "5m"]) == 0
    told = capsys.readouterr().out
    assert "conversation" in told
    assert "alarms" not in told
    main(["forget", "--last", "5m"])
    assert capsys.readouterr().out == "There was nothing to forget.\n"
