"""The conversation outlives a restart by consent alone, and a broken disk never ends a turn."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from device.contracts import Line, Who
from device.conversation import LINES_KEPT
from device.memory import UNKEPT, remembered

QUESTION, ANSWER = Line(Who.PERSON, "What is a canary?"), Line(Who.DEVICE, "A small yellow bird.")


def start(state: Path, *add: Line, allowed: bool = True) -> tuple[Line, ...]:
    """One run of the device in which `add` is said; what it remembered when it started."""

    async def run() -> tuple[Line, ...]:
        async with remembered(state, allowed=allowed) as conversation:
            before = conversation.history
            conversation.add(add)
            return before

    return asyncio.run(run())


def on_disk(state: Path) -> bytes:
    return b"".join(path.read_bytes() for path in state.rglob("*") if path.is_file())


def test_it_goes_on_where_it_ended(tmp_path: Path) -> None:
    assert start(tmp_path, QUESTION, ANSWER) == ()
    assert start(tmp_path, Line(Who.PERSON, "And a crow?")) == (QUESTION, ANSWER)
    assert [line.text for line in start(tmp_path)] == [QUESTION.text, ANSWER.text, "And a crow?"]


def test_only_the_last_lines_come_back_but_all_are_kept(tmp_path: Path) -> None:
    lines = [Line(Who.PERSON, f"line {number}") for number in range(LINES_KEPT + 5)]
    start(tmp_path, *lines)
    assert start(tmp_path) == tuple(lines[5:])
    assert b"line 0" in on_disk(tmp_path)


def test_lines_without_words_are_not_kept(tmp_path: Path) -> None:
    start(tmp_path, Line(Who.DEVICE, ""), ANSWER)
    assert start(tmp_path) == (ANSWER,)


def test_without_consent_nothing_is_written(tmp_path: Path) -> None:
    start(tmp_path, QUESTION, ANSWER, allowed=False)
    assert list(tmp_path.iterdir()) == []


def test_withdrawing_consent_erases_what_was_kept(tmp_path: Path) -> None:
    start(tmp_path, QUESTION, ANSWER)
    assert b"canary" in on_disk(tmp_path)
    assert start(tmp_path, allowed=False) == ()
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_costs_the_memory_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "memory.db").write_bytes(b"rubbish" * 1000)
    assert start(tmp_path, QUESTION) == ()
    assert "damaged" in caplog.text
    assert start(tmp_path) == (QUESTION,)


def test_a_disk_that_cannot_be_written_is_told_without_any_words(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with caplog.at_level(logging.DEBUG):
        assert start(tmp_path / "state", QUESTION) == ()
    assert "cannot be kept" in caplog.text
    assert "canary" not in caplog.text


def test_without_consent_what_a_start_could_not_erase_goes_when_everything_is_forgotten(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        async with remembered(tmp_path, allowed=False) as conversation:
            (tmp_path / "memory.db").write_text("what was kept before")
            await conversation.forget(None)

    asyncio.run(run())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_is_a_fault_until_it_works_again(tmp_path: Path) -> None:
    state, told = tmp_path / "state", list[str]()

    async def run() -> None:
        state.write_text("a file where the folder should be")
        remembering = remembered(state, allowed=True, fault=lambda part, why: told.append(why))
        async with remembering as conversation:
            conversation.add([QUESTION])
            with pytest.raises(OSError):
                await conversation.forget_before(0.0)  # after what was to be kept before it
            assert told == [UNKEPT]
            state.unlink()
            conversation.add([ANSWER])
            await conversation.forget_before(0.0)
            assert told == [UNKEPT, ""]

    asyncio.run(run())
    assert start(state) == (ANSWER,)


def test_a_disk_that_works_is_no_fault(tmp_path: Path) -> None:
    async def run() -> None:
        async with remembered(tmp_path, allowed=True, fault=lambda part, why: pytest.fail(part)) as said:
            said.add([QUESTION])

    asyncio.run(run())
