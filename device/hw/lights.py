"""What the light shows, pure: (phase, facts) → LightState. Most important first."""

from __future__ import annotations

from device.machine import Facts, Phase
from device.notices import LightState

OF_PHASE = {
    Phase.LISTENING: LightState.LISTENING,
    Phase.THINKING: LightState.THINKING,
    Phase.SPEAKING: LightState.SPEAKING,
}


def light(phase: Phase, facts: Facts) -> LightState:
    """An open microphone is shown before everything else: that is what a person must be able to trust."""
    if phase is Phase.LISTENING:
        return LightState.LISTENING
    if facts.faults:
        return LightState.FAULT
    if facts.updating:
        return LightState.UPDATING
    if facts.setup:
        return LightState.SETUP
    if phase is not Phase.IDLE:
        return OF_PHASE[phase]
    if facts.muted:
        return LightState.MUTED
    return LightState.IDLE if facts.online else LightState.OFFLINE
