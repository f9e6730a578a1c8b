from __future__ import annotations

from pathlib import Path

from device.config import Settings
from device.config_load import load
from device.config_show import as_file, value_at


def test_what_is_shown_gives_the_same_settings_again(tmp_path: Path) -> None:
    loaded = load(None, {"TWOMINDS_VOICE__NAME": 'say "é" \\ #', "TWOMINDS_TALK__PATIENCE_S": "2"})
    again = tmp_path / "again.toml"
    again.write_text(as_file(loaded), "utf-8")
    assert load(again, {}).settings == loaded.settings


def test_only_what_was_given_carries_its_origin() -> None:
    lines = as_file(load(None, {"TWOMINDS_TALK__MODE": "toggle"})).splitlines()
    assert 'mode = "toggle"  # TWOMINDS_TALK__MODE' in lines
    assert "patience_s = 0.9" in lines
    assert sum(" # " in line for line in lines) == 1


def test_a_value_is_found_by_its_path() -> None:
    assert value_at(Settings(), "talk.mode") == "hold"
    assert value_at(Settings(), "language") == "en"
