"""Every setting, every command and every make target is documented, as it is now."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from device.cli import build_parser
from device.config_keys import Key, as_toml, keys
from device.contracts import Emotion, Gesture

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = (ROOT / "docs" / "settings.md").read_text("utf-8")
DOCS = "\n".join(
    file.read_text("utf-8") for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
)


def commands(parser: argparse.ArgumentParser, prefix: str) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that does something, with its words: `twominds config show`."""
    branches = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not branches:
        yield prefix, parser
    for branch in branches:
        for name, child in branch.choices.items():
            yield from commands(child, f"{prefix} {name}")


def all_commands() -> dict[str, argparse.ArgumentParser]:
    return dict(commands(build_parser(), "twominds"))


def make_targets() -> list[str]:
    return re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


@pytest.mark.parametrize("key", keys().values(), ids=lambda key: key.path)
def test_every_setting_has_its_row(key: Key) -> None:
    row = f"| `{key.path}` | `{as_toml(key.default)}` | {key.allowed} | "
    assert row in SETTINGS, f"docs/settings.md lacks a row that begins with: {row}"


def test_no_row_is_about_a_setting_that_is_gone() -> None:
    documented = re.findall(r"^\| `([a-z0-9_.]+)` \|", SETTINGS, re.MULTILINE)
    assert sorted(documented) == sorted(keys())


def test_every_make_target_is_documented_and_explained() -> None:
    targets = make_targets()
    assert {"run", "test", "test-all"} <= set(targets)
    assert [target for target in targets if f"make {target}" not in DOCS] == []
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)] == []


def test_every_command_is_documented() -> None:
    assert [command for command in all_commands() if command not in DOCS] == []


def test_every_command_shows_an_example_of_itself() -> None:
    lacking = [command for command, parser in all_commands().items() if command not in (parser.epilog or "")]
    assert lacking == []


def test_the_commands_are_those_that_people_were_promised() -> None:
    promised = {"run", "ask", "replay", "doctor", "config show", "config check"}
    assert {f"twominds {command}" for command in promised} <= set(all_commands())


def test_every_mood_and_gesture_that_a_reply_may_name_is_documented() -> None:
    characters = (ROOT / "docs" / "characters.md").read_text("utf-8")
    for row, names in (("moods", Emotion), ("gestures", Gesture)):
        listed = re.search(rf"^\| {row} \| (.*) \|$", characters, re.MULTILINE)
        assert listed is not None
        assert sorted(listed[1].split(", ")) == sorted(name.value for name in names)
