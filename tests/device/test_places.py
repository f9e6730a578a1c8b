from __future__ import annotations

from pathlib import Path

from device.places import settings_file, state_directory


def touch(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_the_named_file_wins_even_when_it_is_not_there(tmp_path: Path) -> None:
    touch(tmp_path / ".config/twominds/twominds.toml")
    env = {"HOME": str(tmp_path), "TWOMINDS_CONFIG": str(tmp_path / "absent.toml")}
    assert settings_file(env) == tmp_path / "absent.toml"


def test_the_persons_file_comes_before_the_systems(tmp_path: Path) -> None:
    system = touch(tmp_path / "etc/twominds.toml")
    env = {"HOME": str(tmp_path)}
    assert settings_file(env, system) == system
    own = touch(tmp_path / ".config/twominds/twominds.toml")
    assert settings_file(env, system) == own


def test_an_xdg_directory_moves_the_persons_file(tmp_path: Path) -> None:
    own = touch(tmp_path / "conf/twominds/twominds.toml")
    assert settings_file({"HOME": "/nowhere", "XDG_CONFIG_HOME": str(tmp_path / "conf")}) == own


def test_no_file_is_none(tmp_path: Path) -> None:
    assert settings_file({"HOME": str(tmp_path)}, tmp_path / "absent.toml") is None


def test_state_lies_in_the_home_unless_a_service_manager_says_otherwise() -> None:
    assert state_directory({"HOME": "/home/ann"}) == Path("/home/ann/.local/state/twominds")
    assert state_directory({"HOME": "/home/ann", "XDG_STATE_HOME": "/s"}) == Path("/s/twominds")
    assert state_directory({"STATE_DIRECTORY": "/var/lib/twominds:/other"}) == Path("/var/lib/twominds")


def test_a_relative_xdg_directory_does_not_count() -> None:
    assert state_directory({"HOME": "/h", "XDG_STATE_HOME": "here"}) == Path("/h/.local/state/twominds")
