"""What is chosen on the page: in force at once, kept for the next start, and only what may be chosen."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from device.chosen import Chosen
from device.config import Settings, Talk, Use, VoiceSettings
from device.config_keys import CHOSEN
from device.config_load import load, read_chosen
from device.errors import SettingsError


class Living:
    """What a session is told."""

    def __init__(self) -> None:
        self.volume = 80
        self.talk = Talk()
        self.use: Use = "auto"

    def set_volume(self, percent: int) -> None:
        self.volume = percent

    def set_talk(self, talk: Talk) -> None:
        self.talk = talk

    def set_use(self, use: Use) -> None:
        self.use = use


def test_choices_outlive_a_restart_and_add_up(tmp_path: Path) -> None:
    file = tmp_path / "state" / "chosen.toml"
    first = Chosen(Settings(), Living(), file)
    first.choose("voice.volume", 30)
    first.choose("talk.patience_s", 2)
    again = load(None, {}, file).settings
    assert (again.voice.volume, again.talk.patience_s) == (30, 2.0)
    Chosen(again, Living(), file).choose("talk.mode", "toggle")
    last = load(None, {}, file).settings
    assert (last.voice.volume, last.talk.mode, last.talk.patience_s) == (30, "toggle", 2.0)
    assert file.stat().st_mode & 0o777 == 0o600


def test_talking_changes_at_once_and_keeps_what_was_not_chosen(tmp_path: Path) -> None:
    living = Living()
    chosen = Chosen(Settings(talk=Talk(pre_roll_ms=111)), living, tmp_path / "chosen.toml")
    chosen.choose("talk.mode", "toggle")
    chosen.choose("talk.patience_s", 1.5)
    assert living.talk == Talk(mode="toggle", patience_s=1.5, pre_roll_ms=111)


def test_when_system_2_is_asked_changes_at_once_and_is_kept(tmp_path: Path) -> None:
    living, file = Living(), tmp_path / "chosen.toml"
    chosen = Chosen(Settings(), living, file)
    chosen.choose("system2.use", "never")
    assert living.use == "never"
    assert load(None, {}, file).settings.system2.use == "never"
    living.use = "prefer"  # by voice, since
    assert {offer.setting: offer.value for offer in chosen.offers()}["system2.use"] == "prefer"


@pytest.mark.parametrize(
    "setting",
    [
        "system2.url",
        "system2.ca_file",
        "consent.audio_stream",
        "consent.transcripts",
        "sound.loudest",
        "panel.network",
        "character.file",
        "nothing",
        "talk",
    ],
)
def test_nothing_else_can_be_chosen(tmp_path: Path, setting: str) -> None:
    file = tmp_path / "chosen.toml"
    with pytest.raises(SettingsError, match="not chosen on the page"):
        Chosen(Settings(), Living(), file).choose(setting, 1)
    assert not file.exists()


@pytest.mark.parametrize(
    ("setting", "value", "allowed"),
    [
        ("voice.volume", 101, "a whole number from 0 to 100"),
        ("voice.volume", "loud", "a whole number"),
        ("talk.mode", "shout", "hold or toggle"),
        ("system2.use", "always", "auto, prefer or never"),
        ("talk.patience_s", 0.1, "a number from 0.3 to 5"),
        ("voice.words_per_minute", 1.5, "a whole number from 80 to 450"),
    ],
)
def test_what_cannot_be_is_refused_with_what_can(
    tmp_path: Path, setting: str, value: float | str, allowed: str
) -> None:
    living = Living()
    with pytest.raises(SettingsError, match=allowed):
        Chosen(Settings(), living, tmp_path / "chosen.toml").choose(setting, value)
    assert (living.volume, living.talk) == (80, Talk())


def test_every_offer_says_what_it_may_be_and_the_volume_is_that_of_now(tmp_path: Path) -> None:
    living = Living()
    living.volume = 45
    offers = {offer.setting: offer for offer in Chosen(Settings(), living, tmp_path / "x").offers()}
    assert tuple(offers) == CHOSEN
    assert (offers["voice.volume"].value, offers["voice.volume"].most) == (45, 100)
    assert offers["talk.mode"].choices == ("hold", "toggle")
    assert (offers["talk.patience_s"].least, offers["talk.patience_s"].most) == (0.3, 5)
    assert [offer.setting for offer in offers.values() if not offer.live] == ["voice.words_per_minute"]


def test_what_cannot_be_kept_is_in_force_all_the_same_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    living = Living()
    with caplog.at_level(logging.WARNING):
        Chosen(Settings(), living, tmp_path / "file" / "chosen.toml").choose("voice.volume", 20)
    assert living.volume == 20
    assert "voice.volume was chosen, but cannot be kept" in caplog.text


# --- the file, as it is read ---------------------------------------------------------------------


def test_it_counts_more_than_the_settings_file_and_less_than_the_environment(tmp_path: Path) -> None:
    settings, chosen = tmp_path / "twominds.toml", tmp_path / "chosen.toml"
    settings.write_text("[voice]\nvolume = 10\nwords_per_minute = 100\npitch = 20\n")
    chosen.write_text("voice.volume = 50\nvoice.words_per_minute = 150\n")
    loaded = load(settings, {"TWOMINDS_VOICE__WORDS_PER_MINUTE": "200"}, chosen)
    assert loaded.settings.voice == VoiceSettings(volume=50, words_per_minute=200, pitch=20)
    assert loaded.origins["voice.volume"] == str(chosen)


@pytest.mark.parametrize(
    "text",
    [
        "voice.volume = 500",
        'voice.volume = "loud"',
        "voice.volume = [1]",
        "consent.transcripts = true\nsound.loudest = 100\npanel.network = true",
        "voice = 7",
        "garbage",
        "\x00",
    ],
)
def test_what_nobody_could_have_chosen_is_left_aside_and_never_stops_a_start(
    tmp_path: Path, text: str
) -> None:
    file = tmp_path / "chosen.toml"
    file.write_text(text)
    assert read_chosen(file) == {}
    assert load(None, {}, file).settings == Settings()


def test_there_need_not_be_one(tmp_path: Path) -> None:
    assert load(None, {}, tmp_path / "chosen.toml").settings == Settings()
