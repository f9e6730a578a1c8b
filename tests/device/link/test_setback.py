"""Every way in which a connection ends has a sentence and a pace."""

from __future__ import annotations

import pytest

from device.link.setback import Pace, of_close, of_status, quoted


@pytest.mark.parametrize("status", [401, 403, 404, 426])
def test_a_refusal_is_retried_slowly_and_says_what_to_do(status: int) -> None:
    setback = of_status(status, "")
    assert setback.pace is Pace.SLOWLY
    assert ":" in str(setback) or "?" in str(setback)


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), ("", None), ("soon", None), ("-1", None)])
def test_a_server_may_say_when_to_come_back(header: str, seconds: float | None) -> None:
    assert of_status(429, header).retry_after_s == seconds
    assert of_status(503, header).retry_after_s == seconds


def test_a_gateway_that_is_out_of_order_comes_back() -> None:
    assert of_status(502, "").pace is Pace.SOON
    assert of_status(302, "").pace is Pace.SLOWLY


@pytest.mark.parametrize("code", [4400, 4401, 4403, 4409])
def test_a_close_that_somebody_has_to_cure_is_retried_slowly(code: int) -> None:
    assert of_close(code, "").pace is Pace.SLOWLY


@pytest.mark.parametrize("code", [None, 1000, 1001, 1006, 1011, 1012, 4408])
def test_a_close_that_cures_itself_is_retried_soon(code: int | None) -> None:
    assert of_close(code, "").pace is Pace.SOON


def test_a_strangers_words_are_short_and_plain() -> None:
    said = quoted("bad\x1b[31m\n\tkey " + "x" * 1000)
    assert said.startswith("“bad [31m key x")
    assert len(said) == 162
    assert said in str(of_close(4403, "bad\x1b[31m\n\tkey " + "x" * 1000))
