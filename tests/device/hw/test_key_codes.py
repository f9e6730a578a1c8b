"""Keys by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.errors import SettingsError
from device.hw.key_codes import KEYS, key_code


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("space", 57),
        ("Volume Up", 115),
        ("KEY_PAGEDOWN", 109),
        ("f1", 59),
        ("f10", 68),
        ("f13", 183),
        ("q", 16),
        ("m", 50),
        ("0", 11),
        ("5", 6),
        ("key 5", 5),
        ("key 582", 582),
    ],
)
def test_a_key_is_known_by_its_name_or_its_number(name: str, code: int) -> None:
    assert key_code(name) == code


def test_no_two_names_are_the_same_key() -> None:
    assert len(set(KEYS.values())) == len(KEYS)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("spcae", "Did you mean space?"),
        ("volumup", "Did you mean volumeup?"),
        ("§§§", "docs/"),
        ("key 9999", "docs/"),
    ],
)
def test_a_key_that_is_not_known_is_refused_with_a_suggestion(name: str, meant: str) -> None:
    with pytest.raises(SettingsError, match=meant):
        key_code(name)


def test_every_key_is_documented() -> None:
    docs = (Path(__file__).parents[3] / "docs" / "button-and-lights.md").read_text("utf-8")
    ranges = {f"f{number}" for number in range(1, 25)} | set("abcdefghijklmnopqrstuvwxyz0123456789")
    assert [name for name in KEYS if name not in ranges and f"`{name}`" not in docs] == []
    assert ranges <= set(KEYS)
