"""The gateway's settings: what is wrong is told in a sentence, and nothing listens unprotected."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.errors import SettingsError
from gateway.settings import Llm, Settings
from gateway.settings_load import data_folder, load, secret


def written(folder: Path, text: str) -> Path:
    file = folder / "gateway.toml"
    file.write_text(text)
    return file


def test_without_anything_it_listens_on_loopback_and_registers_nobody() -> None:
    settings = load(None, {})
    assert settings == Settings()
    assert (settings.listen.host, settings.enrolment) == ("127.0.0.1", "closed")


def test_the_environment_counts_more_than_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, "[listen]\nport = 1\n[llm]\nmodel = 'a'\ntemperature = 1\n")
    settings = load(file, {"GATEWAY_LISTEN__PORT": "2", "GATEWAY_CONFIG": "x", "HOME": "/"})
    assert (settings.listen.port, settings.llm.model, settings.llm.temperature) == (2, "a", 1.0)


@pytest.mark.parametrize(
    ("text", "env", "sentence"),
    [
        ("[listen]\nprot = 1", {}, r"no setting listen\.prot\. Did you mean listen\.port\?"),
        ("enrolment = 'open'", {}, r"The setting enrolment cannot be used: invalid enum value"),
        ("[limits]\nwrite_s = 0", {}, r"The setting limits\.write_s cannot be used"),
        ("no toml", {}, "is not TOML"),
        (
            "",
            {"GATEWAY_LISTEN__PROT": "1"},
            r"variable GATEWAY_LISTEN__PROT\. Did you mean GATEWAY_LISTEN__PORT",
        ),
        ("[listen]\nhost = '0.0.0.0'", {}, "others can reach"),
        ("[listen]\nhost = 'robots.example'", {}, "others can reach"),
        ("[listen]\ntls_key = 'a'", {}, "belong together"),
        ("enrolment = 'loopback'\n[listen]\nbehind_proxy = true", {}, "behind a proxy every device seems"),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, text: str, env: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError, match=sentence):
        load(written(tmp_path, text), env)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path / "none.toml", {})


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_needs_no_certificate(host: str) -> None:
    assert load(None, {"GATEWAY_LISTEN__HOST": host}).listen.host == host


def test_a_key_comes_from_the_file_or_the_variable_that_is_named(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(" from-file \n")
    assert secret(Llm(key_file=str(tmp_path / "key")), {}) == "from-file"
    assert secret(Llm(key_variable="MY_KEY"), {"MY_KEY": "from-variable"}) == "from-variable"
    assert secret(Llm(), {"MY_KEY": "nobody asked"}) == ""
    with pytest.raises(SettingsError, match="MY_KEY"):
        secret(Llm(key_variable="MY_KEY"), {})
    with pytest.raises(SettingsError, match="cannot be read"):
        secret(Llm(key_file=str(tmp_path / "none")), {})


def test_where_data_lies() -> None:
    assert data_folder(Settings(data="/a"), {"STATE_DIRECTORY": "/b"}) == Path("/a")
    assert data_folder(Settings(), {"STATE_DIRECTORY": "/b:/c"}) == Path("/b/gateway")
    assert data_folder(Settings(), {"XDG_STATE_HOME": "/d"}) == Path("/d/twominds-gateway")
