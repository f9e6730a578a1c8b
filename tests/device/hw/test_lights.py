"""What the light shows when several things are so at once."""

from __future__ import annotations

import pytest

from device.hw.lights import light
from device.machine import Facts, Phase
from device.notices import LightState

EVERYTHING = Facts(0.0, muted=True, setup=True, updating=True, online=False, faults=frozenset({"robot"}))


@pytest.mark.parametrize(
    ("phase", "facts", "shown"),
    [
        (Phase.LISTENING, EVERYTHING, LightState.LISTENING),
        (Phase.SPEAKING, EVERYTHING, LightState.FAULT),
        (Phase.IDLE, Facts(0.0, updating=True, setup=True), LightState.UPDATING),
        (Phase.SPEAKING, Facts(0.0, setup=True), LightState.SETUP),
        (Phase.THINKING, Facts(0.0, muted=True, online=False), LightState.THINKING),
        (Phase.IDLE, Facts(0.0, muted=True, online=False), LightState.MUTED),
        (Phase.IDLE, Facts(0.0, online=False), LightState.OFFLINE),
        (Phase.IDLE, Facts(0.0), LightState.IDLE),
    ],
)
def test_the_most_important_thing_is_shown(phase: Phase, facts: Facts, shown: LightState) -> None:
    assert light(phase, facts) is shown
