"""Which devices there are, finding one by a part of its name, and what a person is told of it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from device.audio import sound_server
from device.audio.sound_server import Direction
from device.errors import AudioDeviceError

AUTO = "auto"
_LEADING = ("pulse", "pipewire", "default")
"""Names under which ALSA's plugins lead to a sound server."""


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """A microphone, a speaker, or both, as PortAudio lists it."""

    index: int
    name: str
    host_api: str
    inputs: int
    outputs: int
    rate_hz: int
    """The one it would choose."""

    def channels(self, direction: Direction) -> int:
        return self.inputs if direction is Direction.INPUT else self.outputs


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stream is opened: a device of PortAudio's, and the server's behind it, if there is one."""

    device: SoundDevice
    server_device: str = ""
    wanted: str = ""
    """The part of the server's device's name that was asked for; empty: any will do."""

    @property
    def name(self) -> str:
        return self.server_device or self.device.name


def find(devices: Sequence[SoundDevice], default_index: int, direction: Direction, wanted: str) -> Place:
    """By a part of the name that PortAudio has for it, or else the sound server. `AUTO`: the default one.

    Raises AudioDeviceError when there is none.
    """
    usable = [device for device in devices if device.channels(direction) > 0]
    if wanted == AUTO:
        usable.sort(key=lambda device: device.index != default_index)
        named = usable
    else:
        named = [device for device in usable if wanted.casefold() in device.name.casefold()]
    if named and named[0].name not in _LEADING:
        return Place(named[0])
    if named:
        return _on_server(named[0], direction, "")
    leading = [device for device in usable if device.name in _LEADING]
    if not leading:
        raise AudioDeviceError(absent(direction, wanted))
    return _on_server(leading[0], direction, wanted)


def _on_server(device: SoundDevice, direction: Direction, wanted: str) -> Place:
    """`device` may lead to a sound server; then to a definite one of its devices.

    Where any will do, the server's own variable (PULSE_SOURCE, PULSE_SINK) counts.
    """
    wanted = wanted or os.environ.get(direction.variable, "")
    served = sound_server.devices(direction)
    if served is None and not wanted:
        return Place(device)
    names = [served_device.name for served_device in served or () if served_device.matches(wanted)]
    if not names:
        raise AudioDeviceError(absent(direction, wanted or AUTO))
    default = sound_server.default(direction)
    return Place(device, default if default in names else names[0], wanted)


def plugged() -> tuple[object, ...]:
    """Differs when a sound card was plugged in or out, or a sound server has come or gone."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR", "/run"))
    sockets = (folder / "pulse" / "native", folder / "pipewire-0")
    return (_text(Path("/proc/asound/cards")), *(_identity(socket) for socket in sockets))


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _identity(file: Path) -> tuple[int, int]:
    try:
        state = file.stat()
    except OSError:
        return (0, 0)
    return (state.st_ino, state.st_mtime_ns)


# --- sentences -----------------------------------------------------------------------------------


_PART = {Direction.INPUT: "microphone", Direction.OUTPUT: "speaker"}


def absent(direction: Direction, wanted: str) -> str:
    part = _PART[direction]
    if wanted == AUTO:
        return f"There is no {part}: plug one in."
    return f'There is no {part} with "{wanted}" in its name: plug it in, or set sound.{part} to another one.'


def busy(direction: Direction, name: str) -> str:
    part = _PART[direction]
    return f"{_the(part, name)} is in use by another program: end that, or set sound.{part} to another one."


def broken(direction: Direction, name: str) -> str:
    return f"{_the(_PART[direction], name)} cannot be opened: unplug it and plug it in again."


def gone(direction: Direction, name: str) -> str:
    return f"{_the(_PART[direction], name)} is gone: plug it in again."


def _the(part: str, name: str) -> str:
    return f"The {part}" if name == AUTO else f"The {part} ({name})"
