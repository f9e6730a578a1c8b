"""The agent on a disk that is really full, read-only or failing: it talks, and claims nothing false."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests import small_disk
from tests.agent_process import Agent, agent
from tests.small_disk import SmallDisk, mounted
from tests.sound_card import SoundCard
from tests.until import until

DISK_MIB = 48
"""More than the voice keeps of its fixed sentences."""
TOKEN = "k7mp-3xqr-tq9w-v4hd"
MEMORY_UNKEPT = "memory: what was said cannot be kept"
TIMERS_UNKEPT = "timers: they cannot be kept on disk"
TIMERS_KEPT = "timers: they are kept on disk again"
NOT_WRITTEN = "I cannot write it down just now"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A disk on which the agent has been before: its page has a token there."""
    small_disk.make(image := tmp_path / "disk.img", DISK_MIB)
    with mounted(image, tmp_path / "disk") as disk:
        page = state_on(disk) / "panel"
        page.mkdir(parents=True, mode=0o700)
        (page / "token").write_text(TOKEN)
    return image


def state_on(disk: SmallDisk) -> Path:
    return disk.folder / "state"


def tell(card: SoundCard, disk: SmallDisk, story: Callable[[Agent], Awaitable[None]]) -> str:
    """With an agent whose state is on that disk, and whose log is not; the log."""
    env = {"TWOMINDS_ENGINES__LLM": "none", "TWOMINDS_CONSENT__TRANSCRIPTS": "true"}
    log = card.folder / "log.txt"

    async def whole() -> None:
        async with agent(state_on(disk), {**card.env, **env}, log) as running:
            await story(running)

    asyncio.run(whole())
    return log.read_text("utf-8")


async def ask(running: Agent, text: str, told: str) -> None:
    """Until the reply says so much of what is to be told; the rest of it is not listened to."""
    await running.ask(text)
    await running.until("answering", lambda answering: told in answering["text"])
    await running.stop()
    ended = await running.until("turn", lambda turn: turn["record"]["kind"] == "typed")
    assert ended["record"]["error"] is None


def said(disk: SmallDisk) -> str:
    """By a person, as the memory on disk has it."""
    return " ".join(
        text for (text,) in _rows(disk, "memory.db", "SELECT text FROM lines WHERE who = 'person'")
    )


def timers(disk: SmallDisk) -> list[int]:
    """Their lengths, in minutes."""
    return [length_s // 60 for (length_s,) in _rows(disk, "timers.db", "SELECT length_s FROM timers")]


def _rows(disk: SmallDisk, file: str, query: str) -> list[tuple[Any, ...]]:
    """None where the file has no such table yet."""
    database = sqlite3.connect(f"file:{state_on(disk) / file}?mode=ro", uri=True)
    with contextlib.closing(database), contextlib.suppress(sqlite3.OperationalError):
        return database.execute(query).fetchall()
    return []


def test_on_a_full_disk_it_talks_and_promises_nothing_and_with_room_again_it_remembers(
    card: SoundCard, image: Path
) -> None:
    async def story(running: Agent) -> None:
        await ask(running, "what is six times seven", "42")
        await ask(running, "set a timer for ten minutes", NOT_WRITTEN)
        disk.make_room()
        await ask(running, "what is seven times eight", "56")
        await ask(running, "set a timer for twenty minutes", "twenty minutes")
        await until(lambda: timers(disk) == [10, 20])
        await until(lambda: "twenty minutes" in said(disk))
        disk.fill()
        await ask(running, "what is five times eight", "40")
        await ask(running, "set a timer for thirty minutes", "thirty minutes")
        await ask(running, "set a timer for forty minutes", NOT_WRITTEN)
        disk.make_room()
        await ask(running, "what is seven times nine", "63")

    with mounted(image, card.folder / "disk") as disk:
        disk.fill()
        log = tell(card, disk, story)
        assert MEMORY_UNKEPT in log
        assert TIMERS_UNKEPT in log
        assert TIMERS_KEPT in log
        assert timers(disk) == [10, 20, 30, 40]
        remembered = said(disk)
    assert "six times seven" not in remembered
    assert "seven times eight" in remembered
    assert "seven times nine" in remembered


def test_a_disk_that_is_read_only_at_the_start_costs_no_turn_and_is_used_once_it_can_be(
    card: SoundCard, image: Path
) -> None:
    async def story(running: Agent) -> None:
        await ask(running, "what is six times seven", "42")
        await ask(running, "set a timer for ten minutes", NOT_WRITTEN)
        disk.writable()
        await ask(running, "what is seven times eight", "56")
        await ask(running, "set a timer for twenty minutes", "twenty minutes")
        await until(lambda: timers(disk) == [10, 20])
        await until(lambda: "seven times eight" in said(disk))

    with mounted(image, card.folder / "disk") as disk:
        disk.read_only()
        log = tell(card, disk, story)
    assert MEMORY_UNKEPT in log
    assert TIMERS_KEPT in log


def test_a_disk_that_fails_in_mid_conversation_keeps_what_was_kept_and_the_talk_goes_on(
    card: SoundCard, image: Path
) -> None:
    async def story(running: Agent) -> None:
        await ask(running, "what is six times seven", "42")
        await ask(running, "set a timer for ten minutes", "ten minutes")
        await until(lambda: timers(disk) == [10] and "ten minutes" in said(disk))
        disk.fail()
        await ask(running, "what is seven times eight", "56")
        await ask(running, "set a timer for twenty minutes", "twenty minutes")
        await ask(running, "set a timer for thirty minutes", NOT_WRITTEN)

    with mounted(image, card.folder / "disk") as disk:
        if not disk.can_fail:
            pytest.skip("needs a kernel that lets an ext4 fail on demand")
        log = tell(card, disk, story)
    assert MEMORY_UNKEPT in log
    assert TIMERS_UNKEPT in log
    small_disk.mend(image)
    with mounted(image, card.folder / "disk") as disk:
        assert timers(disk) == [10]
        assert "six times seven" in said(disk)
        assert "seven times eight" not in said(disk)
