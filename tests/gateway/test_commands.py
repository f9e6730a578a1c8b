"""The commands beside `serve`, and what a person reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli import main
from gateway.settings import Listen
from gateway.start_screen import start_screen
from tests.gateway.in_process import services
from tests.gateway.native_device import NativeDevice


def run(folder: Path, *arguments: str, **env: str) -> int:
    """With a certificate that is none: where nothing listens, nobody looks at it."""
    none = {"GATEWAY_LISTEN__TLS_CERTIFICATE": "/none.pem", "GATEWAY_LISTEN__TLS_KEY": "/none.key"}
    return main([*arguments], {"GATEWAY_DATA": str(folder), **none, **env})


def test_devices_are_registered_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = NativeDevice()
    assert run(tmp_path, "devices", "add", device.public_key, "--name", "kitchen") == 0
    assert run(tmp_path, "devices", "revoke", device.id) == 0
    capsys.readouterr()
    assert run(tmp_path, "devices", "list") == 0
    listed = capsys.readouterr().out
    assert device.id in listed
    assert "revoked" in listed
    assert "kitchen" in listed


@pytest.mark.parametrize("key", ["-" + "A" * 42, "--" + "A" * 41])
def test_a_key_that_looks_like_an_option_is_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str
) -> None:
    assert run(tmp_path, "devices", "add", key, "--name", "dashing") == 0
    assert "dashing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["devices", "add", "nonsense"], "nonsense is not the public key"),
        (["devices", "revoke", "nobody"], "There is no device nobody"),
        (["--config", "/none.toml", "token"], "cannot be read"),
        (["serve"], "two PEM files"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    assert run(tmp_path, *arguments) == 1
    assert sentence in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file" / "folder", "devices", "list") == 1
    assert "database cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["nonsense", "127.0.0.1:8080/v1", "https://"])
def test_an_endpoint_that_is_none_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], url: str
) -> None:
    endpoint = {"GATEWAY_LLM__BASE_URL": url, "GATEWAY_LLM__MODEL": "any"}
    plain = {"GATEWAY_LISTEN__TLS_CERTIFICATE": "", "GATEWAY_LISTEN__TLS_KEY": ""}
    assert run(tmp_path, "serve", **endpoint, **plain, GATEWAY_LISTEN__PORT="0") == 1
    assert "write it like http://" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        (Listen(host="0.0.0.0", tls_certificate="a", tls_key="b"), "wss://NAME:8700/v1/device"),
        (Listen(behind_proxy=True), "wss://NAME/v1/device"),
    ],
)
def test_who_others_reach_is_named_as_they_name_it(listen: Listen, url: str) -> None:
    with services(listen=listen) as (given, _):
        assert f"TWOMINDS_SYSTEM2__URL={url} make run" in start_screen(given, f"{listen.host}:8700")


def test_the_token_stays_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(tmp_path, "token")
    run(tmp_path, "token")
    first, second = capsys.readouterr().out.split()
    assert first == second
    assert len(first) > 40
    file = tmp_path / "token"
    file.chmod(0o644)
    run(tmp_path, "token")
    assert file.stat().st_mode & 0o777 == 0o600, "others have no business with it"


def test_the_start_screen_says_which_mind_and_how_a_device_is_pointed_at_it() -> None:
    with services() as (given, _):
        screen = start_screen(given, "127.0.0.1:8700")
    assert "TWOMINDS_SYSTEM2__URL=ws://127.0.0.1:8700/v1/device make run" in screen
    assert "scripted" in screen
    assert len(screen.splitlines()) < 24
