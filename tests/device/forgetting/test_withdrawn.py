"""What was kept by a consent goes when it is taken back, and only then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from device.config import Consent
from device.errors import OutboxError
from device.forgetting.withdrawn import FILE, erase_withdrawn


def start(state: Path, consent: Consent, *, fails: bool = False) -> list[str]:
    """What a start erases."""
    erased: list[str] = []

    async def erase(name: str) -> None:
        erased.append(name)
        if fails:
            raise OutboxError("the disk is full")

    erasers = {name: lambda name=name: erase(name) for name in ("learning", "questions")}
    asyncio.run(erase_withdrawn(state, consent, erasers))
    return erased


def test_what_is_taken_back_is_erased_once(tmp_path: Path) -> None:
    assert start(tmp_path, Consent(learning=True, questions=True)) == []
    assert start(tmp_path, Consent(questions=True)) == ["learning"]
    assert start(tmp_path, Consent(questions=True)) == []


def test_what_never_stood_was_never_taken_back(tmp_path: Path) -> None:
    start(tmp_path, Consent())
    assert start(tmp_path, Consent()) == []


def test_where_nobody_knows_what_stood_everything_that_does_not_stand_is_erased(tmp_path: Path) -> None:
    assert start(tmp_path, Consent(questions=True)) == ["learning"]
    (tmp_path / FILE).write_text("rubbish")
    assert start(tmp_path, Consent()) == ["learning", "questions"]


def test_what_fails_is_told_and_tried_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start(tmp_path, Consent(learning=True))
    assert start(tmp_path, Consent(), fails=True) == ["learning"]
    assert "consent.learning" in caplog.text
    assert start(tmp_path, Consent()) == ["learning"]
    assert start(tmp_path, Consent()) == []
