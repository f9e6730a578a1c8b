"""A device on a connection: who it is, what was agreed, and the way to send it something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from device.link.native import DeviceInfo, FrameMs, FromSystem2

Send = Callable[[FromSystem2], Awaitable[None]]
"""Waits while the device does not read; raises Gone when it does not for too long, or is away."""


class Gone(Exception):
    """The connection is over; nothing more can be sent."""


@dataclass(frozen=True, slots=True)
class Party:
    """What holds for a whole connection."""

    device: DeviceInfo
    session_id: str
    features: frozenset[str]
    rate_hz: int
    """Of the sound it is sent."""
    frame_ms: FrameMs
