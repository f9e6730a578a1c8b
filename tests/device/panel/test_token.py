"""The token: made once, kept for its owner alone, known again however it is typed, and not to be guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from device.panel.token import ADDRESSES_KEPT, ALPHABET, WITHIN_S, WRONG_TRIES, Attempts, Token, kept_token


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    file = tmp_path / "panel" / "token"
    token = kept_token(file)
    assert kept_token(file).shown == token.shown
    assert token.kept
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_every_device_has_its_own(tmp_path: Path) -> None:
    made = {kept_token(tmp_path / str(n) / "token").shown for n in range(50)}
    assert len(made) == 50


@pytest.mark.parametrize("damaged", [b"", b"short", b"\xff\xfe", b"k7mp-3xqr-tq9w-v4h!"])
def test_a_damaged_one_is_made_anew(tmp_path: Path, damaged: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(damaged)
    token = kept_token(file)
    assert len(token.shown) == 19
    assert kept_token(file).shown == token.shown


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "token"
    shown = kept_token(file).shown
    file.chmod(0o644)
    assert kept_token(file).shown == shown
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_disk_that_keeps_nothing_keeps_nobody_from_the_page(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "panel").write_text("no folder")
    token = kept_token(tmp_path / "panel" / "token")
    assert token.fits(token.shown)
    assert not token.kept
    assert "cannot be kept" in caplog.text
    assert token.shown not in caplog.text


def test_it_holds_no_letters_that_look_alike() -> None:
    assert len(set(ALPHABET)) == 32
    assert not set("ilou") & set(ALPHABET)


@pytest.mark.parametrize(
    "typed", ["k701-3xqr-tq9w-v4hd", "K701 3XQR TQ9W V4HD", "k7oi3xqrtq9wv4hd", "k7OL-3xqr-tq9w-v4hd"]
)
def test_it_is_known_however_it_is_typed(typed: str) -> None:
    assert Token("k7013xqrtq9wv4hd").fits(typed)


@pytest.mark.parametrize("typed", ["", "k7013xqrtq9wv4h", "k7013xqrtq9wv4hdd", "k7013xqrtq9wv4he", "é" * 16])
def test_nothing_else_fits(typed: str) -> None:
    assert not Token("k7013xqrtq9wv4hd").fits(typed)


def test_it_is_shown_in_groups_of_four() -> None:
    assert Token("k7013xqrtq9wv4hd").shown == "k701-3xqr-tq9w-v4hd"


# --- attempts ------------------------------------------------------------------------------------


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_five_wrong_ones_a_minute_are_enough_and_hold_up_nobody_else() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(WRONG_TRIES):
        assert attempts.allowed("192.0.2.9")
        attempts.failed("192.0.2.9")
    assert not attempts.allowed("192.0.2.9")
    assert attempts.allowed("192.0.2.10")
    clock.now_s += WITHIN_S + 1
    assert attempts.allowed("192.0.2.9")


def test_it_remembers_no_more_than_it_has_room_for() -> None:
    attempts = Attempts(Clock())
    for _ in range(WRONG_TRIES):
        attempts.failed("first")
    for n in range(ADDRESSES_KEPT):
        attempts.failed(f"192.0.2.{n}")
    assert attempts.allowed("first")
