"""What is still to be forgotten is known after a start, without a word of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.forgetting.due import FILE, ErasuresDue


def test_what_is_due_outlives_a_start_until_it_is_done(tmp_path: Path) -> None:
    ErasuresDue(tmp_path).add(["a", "b"], 12.5)
    again = ErasuresDue(tmp_path)
    assert again.pending == {"a": 12.5, "b": 12.5}
    again.done(["a"])
    assert ErasuresDue(tmp_path).pending == {"b": 12.5}
    again.done(["b"])
    assert list(tmp_path.iterdir()) == []


def test_a_part_forgets_as_far_back_as_it_was_ever_asked_to(tmp_path: Path) -> None:
    due = ErasuresDue(tmp_path)
    due.add(["a"], 12.5)
    due.add(["a", "b"], 20.0)
    assert due.pending == {"a": 12.5, "b": 20.0}
    due.add(["a"], None)
    due.add(["a"], 3.0)
    assert due.pending == {"a": None, "b": 20.0}


@pytest.mark.parametrize("content", ["", "[1]", '{"a": "soon"}', "\x00"])
def test_a_file_that_cannot_be_read_is_told_and_counts_as_none(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FILE).write_text(content)
    assert ErasuresDue(tmp_path).pending == {}
    assert "cannot be read" in caplog.text


def test_a_disk_that_takes_nothing_keeps_nobody_from_forgetting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    due = ErasuresDue(tmp_path / "state")
    due.add(["a"], None)
    assert due.pending == {"a": None}
    assert "cannot be noted" in caplog.text
