from __future__ import annotations

from pathlib import Path

import pytest

from device.config import Settings
from device.config_load import check, load
from device.errors import SettingsError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "twominds.toml"


def problems(file: Path, text: str = "", **env: str) -> list[str]:
    file.write_text(text)
    return check(file, env)


def test_nothing_given_is_the_defaults() -> None:
    loaded = load(None, {"PATH": "/bin", "HOME": "/"})
    assert loaded.settings == Settings()
    assert loaded.origins == {}


def test_the_file_overrides_the_defaults_and_the_environment_the_file(file: Path) -> None:
    file.write_text('language = "en"\n[talk]\nmode = "toggle"\npatience_s = 2\n[consent]\nwellness = true\n')
    loaded = load(file, {"TWOMINDS_TALK__PATIENCE_S": "1.5", "TWOMINDS_PANEL__PORT": "0"})
    assert loaded.settings.talk.mode == "toggle"
    assert loaded.settings.talk.patience_s == 1.5
    assert loaded.settings.consent.wellness is True
    assert loaded.settings.panel.port == 0
    assert loaded.origins == {
        "language": str(file),
        "talk.mode": str(file),
        "talk.patience_s": "TWOMINDS_TALK__PATIENCE_S",
        "consent.wellness": str(file),
        "panel.port": "TWOMINDS_PANEL__PORT",
    }


def test_the_variable_that_names_the_file_is_no_setting() -> None:
    assert check(None, {"TWOMINDS_CONFIG": "/somewhere"}) == []


def test_a_wrong_word_is_named_with_a_suggestion(file: Path) -> None:
    assert problems(file, '[talk]\nmode = "togle"') == [
        f'talk.mode is "togle" in {file}, but must be hold or toggle. Did you mean toggle?'
    ]


def test_a_number_out_of_range_is_named_with_the_range(file: Path) -> None:
    assert problems(file, "[talk]\npatience_s = 99") == [
        f"talk.patience_s is 99 in {file}, but must be a number from 0.3 to 5."
    ]


def test_a_wrong_type_is_named(file: Path) -> None:
    assert problems(file, "[consent]\nwellness = 1") == [
        f"consent.wellness is 1 in {file}, but must be true or false."
    ]
    assert problems(file, "[talk.mode]\nx = 1")[0].startswith("talk.mode is {'x': 1} in")


def test_an_unknown_key_is_refused_with_a_suggestion(file: Path) -> None:
    assert problems(file, "[talk]\nlongst_s = 3") == [
        f"There is no setting talk.longst_s (in {file}). Did you mean talk.longest_s?"
    ]


def test_an_unknown_table_is_refused_with_a_suggestion(file: Path) -> None:
    assert problems(file, "[talks]\nmode = 'hold'") == [
        f"There is no setting talks (in {file}). Did you mean talk?"
    ]


def test_a_name_like_no_other_is_told_where_all_stand(file: Path) -> None:
    assert problems(file, "zzz = 1") == [
        f"There is no setting zzz (in {file}). `twominds config show` lists all settings."
    ]


def test_a_value_in_the_place_of_a_table_is_refused(file: Path) -> None:
    assert problems(file, "talk = 3") == [
        f"talk is 3 in {file}, but it is a table of settings: write [talk] and its settings below."
    ]


def test_an_unknown_variable_is_refused_with_a_suggestion() -> None:
    assert check(None, {"TWOMINDS_TALK_MODE": "hold"}) == [
        "There is no setting for the environment variable TWOMINDS_TALK_MODE. "
        "Did you mean TWOMINDS_TALK__MODE?"
    ]


@pytest.mark.parametrize("word", ["", "eight", "8.5", "70000"])
def test_a_variable_with_a_bad_value_is_refused(word: str) -> None:
    assert check(None, {"TWOMINDS_PANEL__PORT": word}) == [
        f'panel.port is "{word}" in TWOMINDS_PANEL__PORT, but must be a whole number from 0 to 65535.'
    ]


def test_all_problems_are_told_at_once(file: Path) -> None:
    file.write_text("[talk]\nmode = 1\npatience_s = 0\n[nonsense]")
    with pytest.raises(SettingsError) as raised:
        load(file, {"TWOMINDS_LANGUAGE": "tlh"})
    told = str(raised.value).splitlines()
    assert [line.split(" is ")[0] for line in told[:2]] == ["talk.mode", "talk.patience_s"]
    assert "nonsense" in told[2]
    assert told[3].startswith("language is ")


def test_the_environment_is_checked_although_the_file_is_broken(file: Path) -> None:
    told = problems(file, "[talk", TWOMINDS_LANGUAGE="tlh")
    assert len(told) == 2
    assert f"{file} is not TOML" in told[0]


def test_a_file_that_is_not_there_or_not_text_is_told_in_a_sentence(file: Path) -> None:
    assert check(file, {}) == [f"There is no settings file {file}."]
    file.write_bytes(b"\xff\xfe")
    assert check(file, {}) == [f"The settings file {file} is not UTF-8 text."]
    assert check(file.parent, {}) == [f"The settings file {file.parent} cannot be read: Is a directory."]


def test_a_file_of_an_editor_that_marks_its_encoding_is_read(file: Path) -> None:
    file.write_bytes(b'\xef\xbb\xbf[talk]\nmode = "toggle"\n')
    assert load(file, {}).settings.talk.mode == "toggle"


def test_a_long_value_is_cut_short(file: Path) -> None:
    (told,) = problems(file, f'[talk]\nmode = "{"x" * 500}"')
    assert "x…" in told
    assert len(told) < 300


# --- a character in a file of its own ----------------------------------------------------------------


def character(file: Path, text: str) -> None:
    (file.parent / "pip.toml").write_text(text)
    file.write_text('[character]\nfile = "pip.toml"\n')


def test_a_character_gives_name_persona_safety_language_and_voice(file: Path) -> None:
    character(
        file,
        'name = "Pip"\npersona = "You are {name}, an owl."\nsafety = "adult"\nlanguage = "en"\n'
        '[voice]\npitch = 70\n[piper]\nmodel = "amy"\n',
    )
    loaded = load(file, {})
    assert loaded.settings.character.name == "Pip"
    assert loaded.settings.character.persona == "You are {name}, an owl."
    assert loaded.settings.character.safety == "adult"
    assert loaded.settings.voice.pitch == 70
    assert loaded.settings.piper.model == "amy"
    assert loaded.origins["voice.pitch"] == "pip.toml"


def test_the_settings_and_the_environment_override_the_character(file: Path) -> None:
    character(file, 'name = "Pip"\n[voice]\npitch = 70\nvolume = 30\n')
    with file.open("a") as more:
        more.write("[voice]\nvolume = 40\n")
    settings = load(file, {"TWOMINDS_VOICE__PITCH": "20"}).settings
    assert (settings.character.name, settings.voice.pitch, settings.voice.volume) == ("Pip", 20, 40)


def test_a_character_named_by_the_environment_is_looked_for_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pip.toml").write_text('name = "Pip"\n')
    assert load(None, {"TWOMINDS_CHARACTER__FILE": "pip.toml"}).settings.character.name == "Pip"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('nmae = "Pip"\n', "There is no nmae in a character (in pip.toml). Did you mean name?"),
        ("[talk]\nmode = 1\n", "There is no talk.mode in a character"),
        ("[consent]\ntranscripts = true\n", "There is no consent.transcripts in a character"),
        ('safety = "chlid"\n', 'character.safety is "chlid" in pip.toml, but must be child or adult.'),
    ],
)
def test_what_a_character_cannot_hold_is_refused(file: Path, text: str, sentence: str) -> None:
    character(file, text)
    (problem,) = check(file, {})
    assert problem.startswith(sentence)


def test_a_character_that_is_not_there_is_told(file: Path) -> None:
    file.write_text('[character]\nfile = "nobody.toml"\n')
    (problem,) = check(file, {})
    assert problem.startswith("character.file: There is no settings file")
