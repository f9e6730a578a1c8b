"""What a start tells of System 2, on the start screen and in thin mode."""

from __future__ import annotations

import pytest

from device.config import Consent, Settings, System2, Use
from device.contracts import LinkHealth
from device.start_screen import PartState
from device.system2_shown import (
    NOBODY,
    NOT_AGREED,
    NOT_ASKED,
    needs_of_thin_mode,
    system2_part,
    told_in_thin_mode,
)

URL = "wss://gateway.example/v1/device"
WHY = "The gateway does not answer: is it running?"
UP = LinkHealth(up=True)


@pytest.mark.parametrize(
    ("health", "state", "served_by", "hint"),
    [
        (None, PartState.ABSENT, "connecting to gateway.example", ""),
        (LinkHealth(up=False), PartState.ABSENT, "connecting to gateway.example", ""),
        (LinkHealth(up=False, why=WHY), PartState.ABSENT, "not connected to gateway.example", WHY),
        (UP, PartState.REAL, "connected to gateway.example", ""),
    ],
)
def test_whether_it_is_there_is_told_with_its_reason_and_without_a_promise(
    health: LinkHealth | None, state: PartState, served_by: str, hint: str
) -> None:
    part = system2_part(System2(url=URL), health, ": nothing leaves this machine")
    assert (part.state, part.served_by, part.hint) == (state, served_by, hint)


def test_where_there_is_none_the_promise_is_made_and_how_to_have_one() -> None:
    part = system2_part(System2(), None, ": nothing leaves this machine")
    assert (part.state, part.served_by) == (PartState.ABSENT, "none: nothing leaves this machine")
    assert "make gateway" in part.hint


def test_that_nothing_is_asked_of_it_is_told() -> None:
    part = system2_part(System2(url=URL, use="never"), UP, "")
    assert part.served_by == "connected to gateway.example; every word stays on board"


@pytest.mark.parametrize(
    ("url", "use", "agreed", "need"),
    [
        ("", "auto", True, NOBODY),
        (URL, "never", True, NOT_ASKED),
        (URL, "auto", False, NOT_AGREED),
        (URL, "prefer", True, ""),
    ],
)
def test_thin_mode_asks_for_what_it_needs(url: str, use: Use, agreed: bool, need: str) -> None:
    settings = Settings(system2=System2(url=url, use=use), consent=Consent(audio_stream=agreed))
    assert needs_of_thin_mode(settings) == need
    assert (need in told_in_thin_mode(settings, None)) is bool(need)


def test_thin_mode_names_the_setting_that_agrees() -> None:
    lines = told_in_thin_mode(Settings(system2=System2(url=URL)), LinkHealth(up=False, why=WHY))
    assert lines == ("System 2: not connected to gateway.example", WHY, NOT_AGREED)
    assert "consent.audio_stream = true" in NOT_AGREED
