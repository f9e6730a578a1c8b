"""What a start tells of System 2: whether it is there, and what thin mode still needs."""

from __future__ import annotations

from collections.abc import Mapping

from device.config import Settings, System2
from device.contracts import LinkHealth
from device.link.address import socket_address
from device.start_screen import Part, PartState

NAME = "System 2 (cloud)"
LINK = "the link to System 2"
"""The part that is told of where it does not work."""
NOBODY = "This device understands nothing by itself: system2.url in the settings names a System 2 that does."
NOT_ASKED = "This device understands nothing by itself, and system2.use = “never” keeps it from asking."
NOT_AGREED = (
    "This device understands nothing by itself: whatever is said to it has to go to System 2 as live sound, "
    "and nobody has agreed to that. If you do, set consent.audio_stream = true in the settings."
)


def by_fault(faults: Mapping[str, str]) -> LinkHealth | None:
    """How a link stands that does not work, of all that does not; None where nothing is known against it."""
    return LinkHealth(up=False, why=faults[LINK]) if LINK in faults else None


def system2_part(settings: System2, health: LinkHealth | None, promise: str) -> Part:
    """`health`: None where there is no link. `promise`: made where nobody is asked. Raises SettingsError."""
    if not settings.url:
        return Part(
            NAME, PartState.ABSENT, f"none{promise}", "one of your own: make gateway, and system2.url"
        )
    state = PartState.REAL if health and health.up else PartState.ABSENT
    why = health.why if health and not health.up else ""
    return Part(NAME, state, _reached(settings, health), why)


def told_in_thin_mode(settings: Settings, health: LinkHealth | None) -> tuple[str, ...]:
    """Lines for a device that leaves understanding to System 2. Raises SettingsError."""
    system2 = settings.system2
    if not system2.url:
        return (NOBODY,)
    part = system2_part(system2, health, "")
    lines = (f"System 2: {part.served_by}", part.hint, needs_of_thin_mode(settings))
    return tuple(line for line in lines if line)


def needs_of_thin_mode(settings: Settings) -> str:
    """What a person has to set before anything can be understood, as a sentence; "" when all is there."""
    if not settings.system2.url:
        return NOBODY
    if settings.system2.use == "never":
        return NOT_ASKED
    return "" if settings.consent.audio_stream else NOT_AGREED


def _reached(settings: System2, health: LinkHealth | None) -> str:
    host = socket_address(settings.url).host
    if health and health.up:
        reached = f"connected to {host}"
    elif health and health.why:
        reached = f"not connected to {host}"
    else:
        reached = f"connecting to {host}"
    return f"{reached}; every word stays on board" if settings.use == "never" else reached
