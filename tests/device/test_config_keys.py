from __future__ import annotations

import math
import tomllib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.config_keys import as_toml, keys, tables


def test_keys_have_paths_variables_and_defaults() -> None:
    mode = keys()["talk.mode"]
    assert (mode.variable, mode.default) == ("TWOMINDS_TALK__MODE", "hold")
    assert keys()["language"].variable == "TWOMINDS_LANGUAGE"
    assert {"talk", "voice", "consent"} <= set(tables())


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("talk.mode", "hold or toggle"),
        ("engines.vad", "auto, webrtc or silero"),
        ("language", "en"),
        ("talk.patience_s", "a number from 0.3 to 5"),
        ("panel.port", "a whole number from 0 to 65535"),
        ("consent.transcripts", "true or false"),
        ("voice.name", "text"),
    ],
)
def test_what_is_allowed_is_said_in_words(path: str, allowed: str) -> None:
    assert keys()[path].allowed == allowed


def test_every_default_is_allowed() -> None:
    for key in keys().values():
        assert key.convert(key.default, from_text=False) == key.default


def test_consent_is_denied_by_default() -> None:
    consent = [key for key in keys().values() if key.path.startswith("consent.")]
    assert consent
    assert not any(key.default for key in consent)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(value: float) -> None:
    with pytest.raises(msgspec.ValidationError):
        keys()["talk.patience_s"].convert(value, from_text=False)


def test_a_word_becomes_what_the_key_holds() -> None:
    assert keys()["consent.transcripts"].convert("false", from_text=True) is False
    assert keys()["panel.port"].convert("0", from_text=True) == 0
    assert keys()["voice.name"].convert("12", from_text=True) == "12"


def test_a_file_must_use_the_right_type() -> None:
    with pytest.raises(msgspec.ValidationError):
        keys()["panel.port"].convert("8137", from_text=False)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_toml(text: str) -> None:
    assert tomllib.loads(f"value = {as_toml(text)}") == {"value": text}
