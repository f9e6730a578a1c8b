"""A device joins its link, or starts without it where its key cannot be used."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from device.config import Settings, System2
from device.contracts import LinkHealth, Question
from device.egress import Egress
from device.errors import NoSystem2
from device.keyless import Keyless
from device.link.link import Calls, Link
from device.linked import link_or_why
from device.system2_shown import LINK, by_fault
from provisioning.identity import identity_file

WITH_SYSTEM_2 = Settings(system2=System2(url="wss://gateway.example/v1/device"))


class Joining:
    """A link is made, and whatever is told of it is written down."""

    def __init__(self, state: Path, settings: Settings = WITH_SYSTEM_2) -> None:
        self.faults: dict[str, str] = {}
        self.healths: list[LinkHealth] = []
        calls = Calls(lambda: None, self.healths.append)
        env = {"STATE_DIRECTORY": str(state)}
        self.link = link_or_why(settings, Egress(), env, calls, self.faults.__setitem__)

    @property
    def keyless(self) -> Keyless:
        assert isinstance(self.link, Keyless)
        return self.link


def damaged(state: Path) -> Path:
    file = identity_file({"STATE_DIRECTORY": str(state)})
    file.parent.mkdir(parents=True)
    file.write_text("ed25519 half of it")
    return state


def unusable(state: Path) -> Path:
    """A folder for the state that is none."""
    file = state / "state"
    file.write_text("")
    return file


def test_with_a_key_there_is_a_link_and_nothing_to_tell(tmp_path: Path) -> None:
    joining = Joining(tmp_path)
    assert isinstance(joining.link, Link)
    assert joining.faults == {}


def test_where_no_system_2_is_named_no_key_is_made(tmp_path: Path) -> None:
    joining = Joining(tmp_path, Settings())
    assert joining.link is None
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_key_is_told_left_as_it_is_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    joining = Joining(damaged(tmp_path))
    assert "damaged" in joining.faults[LINK]
    assert joining.keyless.health == by_fault(joining.faults)
    assert identity_file({"STATE_DIRECTORY": str(tmp_path)}).read_text() == "ed25519 half of it"


def test_a_key_that_cannot_be_kept_is_told_and_keeps_nobody_from_starting(tmp_path: Path) -> None:
    joining = Joining(unusable(tmp_path))
    assert "cannot be read or kept: Not a directory. Mend that" in joining.faults[LINK]
    assert not joining.keyless.health.up


def test_nobody_is_asked_or_listens_without_a_key(tmp_path: Path) -> None:
    keyless = Joining(damaged(tmp_path)).keyless
    with pytest.raises(NoSystem2, match="damaged"):
        keyless.ask(Question(1, "why is the sky blue", "en"))
    with pytest.raises(NoSystem2, match="damaged"):
        keyless.listen()


def test_whoever_shows_the_link_is_told_once_that_it_is_away(tmp_path: Path) -> None:
    joining = Joining(damaged(tmp_path))

    async def story() -> None:
        async with asyncio.timeout(0.05):
            await joining.keyless.run()

    with pytest.raises(TimeoutError):
        asyncio.run(story())
    assert joining.healths == [joining.keyless.health]
