"""Utterances on disk: only where a developer wants it, bounded, and gone when nobody does."""

from __future__ import annotations

import asyncio
import logging
import stat
import wave
from pathlib import Path

import pytest

from device import recordings as module
from device.config import Developer
from device.contracts import FRAME_BYTES, Frame
from device.recordings import FOLDER, WARNING, recorded, recording
from tests.fakes import FakeStt

KEEP, OFF = Developer(keep_audio=True), Developer()
SAID = b"\1\2" * (FRAME_BYTES // 2)


def hear(state: Path, *said_s: float, settings: Developer = KEEP, finishes: bool = True) -> None:
    """One run of the device in which somebody speaks at these times."""

    async def run() -> None:
        now_s = [0.0]
        async with recording(state, settings, lambda: now_s[0]) as kept:
            ears = recorded(FakeStt(), kept, settings)
            for now_s[0] in said_s:
                listening = ears.listen()
                for _ in range(3):
                    listening.feed(Frame(SAID, 0.0))
                if finishes:
                    await listening.finish()
                await listening.abandon()

    asyncio.run(run())


def files(state: Path) -> list[Path]:
    return sorted((state / FOLDER).glob("*"))


def test_every_utterance_is_kept_whole_for_its_owners_eyes_only(tmp_path: Path) -> None:
    hear(tmp_path, 100.0, 200.5)
    first, second = files(tmp_path)
    assert (first.name, second.name) == ("0000000100.000.wav", "0000000200.500.wav")
    assert [stat.S_IMODE(file.stat().st_mode) for file in (first, first.parent)] == [0o600, 0o700]
    with wave.open(str(first)) as reading:
        assert (reading.getnchannels(), reading.getframerate()) == (1, 16_000)
        assert reading.readframes(9_999) == 3 * SAID


def test_a_press_that_is_given_up_is_not_kept(tmp_path: Path) -> None:
    hear(tmp_path, 100.0, finishes=False)
    assert files(tmp_path) == []


def test_without_the_setting_nothing_is_kept_and_the_ears_are_as_they_are(tmp_path: Path) -> None:
    hear(tmp_path, 100.0, settings=OFF)
    assert list(tmp_path.rglob("*.wav")) == []


def test_every_start_with_the_setting_warns(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        hear(tmp_path)
    assert caplog.text.count(WARNING) == 2
    assert all(record.levelno == logging.WARNING for record in caplog.records)


def test_the_next_start_without_the_setting_erases_them_all(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hear(tmp_path, 100.0, 200.0)
    (tmp_path / FOLDER / ".unfinished").write_bytes(SAID)
    hear(tmp_path, settings=OFF)
    assert files(tmp_path) == []
    assert "3 recordings" in caplog.text


@pytest.mark.parametrize(("since_s", "left"), [(150.0, 1), (100.0, 0), (None, 0), (900.0, 2)])
def test_forgetting_removes_what_was_said_since(tmp_path: Path, since_s: float | None, left: int) -> None:
    hear(tmp_path, 100.0, 200.0)

    async def forget() -> int:
        async with recording(tmp_path, KEEP, lambda: 0.0) as kept:
            return await kept.forget(since_s)

    assert asyncio.run(forget()) == 2 - left
    assert len(files(tmp_path)) == left


def test_retention_removes_what_was_said_before(tmp_path: Path) -> None:
    hear(tmp_path, 100.0, 200.0)

    async def forget() -> int:
        async with recording(tmp_path, KEEP, lambda: 0.0) as kept:
            return await kept.forget_before(150.0)

    assert asyncio.run(forget()) == 1
    assert [file.name for file in files(tmp_path)] == ["0000000200.000.wav"]


@pytest.mark.parametrize(("bound", "most"), [("MOST_FILES", 2), ("MOST_BYTES", 2 * (44 + 3 * FRAME_BYTES))])
def test_the_oldest_go_when_there_are_too_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(module, bound, most)
    hear(tmp_path, 100.0, 200.0, 300.0)
    assert [file.name for file in files(tmp_path)] == ["0000000200.000.wav", "0000000300.000.wav"]


def test_a_disk_that_takes_nothing_costs_the_recording_and_not_the_turn(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / FOLDER).write_text("a file where the folder should be")
    hear(tmp_path, 100.0)
    assert "cannot be recorded" in caplog.text
