"""The doctor's look at the body: sound server, microphone, speaker, button, light.

What the settings name is opened, as the agent would, and let go again; nothing sounds and nothing shines.
"""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import os
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from device.audio import sound_server
from device.audio.level import FLOOR_DBFS, measure
from device.audio.open_sound import PAGE, OpenSound, Part, open_sound
from device.audio.sound_library import SoundLibrary
from device.audio.sound_server import Direction
from device.config import Button, Sound
from device.contracts import RATE_HZ
from device.errors import HardwareError, SettingsError, TwomindsError
from device.finding import Check, Finding, Machine, State
from device.hw import input_devices
from device.hw.key_codes import key_code
from device.hw.leds import open_leds
from device.hw.pins import pin_errors
from device.ports import Microphone

LISTENS_S = 0.5
ANSWERS_S = 1.0
"""A microphone that is open gives sound by then."""
SOUND_DEVICES = Path("/dev/snd")
GPIO_FOLDER = Path("/dev")


# --- sound ---------------------------------------------------------------------------------------


def _sound_server(machine: Machine) -> Finding:
    name = "sound server"
    if server := sound_server.server():
        return Finding(name, State.OK, server, needed=False)
    detail, fix = _why_none(machine.env)
    if machine.settings.sound.echo_cancellation == "off":
        return Finding(name, State.PROBLEM if fix else State.OK, detail, fix, needed=False)
    detail += "; echo cancellation needs one"
    fix = fix or "install pipewire-pulse and pulseaudio-utils, or set sound.echo_cancellation to off"
    return Finding(name, State.PROBLEM, detail, fix, needed=False)


def _why_none(env: Mapping[str, str]) -> tuple[str, str]:
    """What is known of it, and what to do; nothing to do where there is simply none."""
    usual = Path(f"/run/user/{os.getuid()}")
    folder = Path(env.get("XDG_RUNTIME_DIR", ""))
    if not env.get("XDG_RUNTIME_DIR") and (usual / "pulse").exists():
        return (
            "cannot be found: XDG_RUNTIME_DIR is not set",
            f"set it for this service: XDG_RUNTIME_DIR={usual}",
        )
    if folder.exists() and folder.stat().st_uid != os.getuid():
        return f"is another user's: {folder.owner()}'s", f"run twominds as {folder.owner()}, without sudo"
    if not sound_server.can_be_asked():
        return "cannot be asked: there is no pactl", "sudo apt install pulseaudio-utils"
    return "none runs for this user: ALSA alone", ""


def _sound_devices(machine: Machine) -> Finding:
    """By the names that `sound.microphone` and `sound.speaker` may be a part of."""
    name = "sound devices"
    library = SoundLibrary()
    try:
        listed = library.devices()
    except TwomindsError as error:
        what, _, command = str(error).partition(": ")
        return Finding(name, State.MISSING, what, command, needed=False)
    finally:
        library.close()
    told = []
    for direction, part in ((Direction.INPUT, "microphones"), (Direction.OUTPUT, "speakers")):
        names = [device.name for device in listed if device.channels(direction) > 0]
        names += [device.description for device in sound_server.devices(direction) or ()]
        told.append(f"{part}: {', '.join(names) or 'none'}")
    return Finding(name, State.OK, "; ".join(told), needed=False)


def _microphone(machine: Machine) -> Finding:
    sound = replace(machine.settings.sound, speaker=PAGE)
    return asyncio.run(_opened("microphone", sound, sound.microphone))


def _speaker(machine: Machine) -> Finding:
    sound = replace(machine.settings.sound, microphone=PAGE)
    return asyncio.run(_opened("speaker", sound, sound.speaker))


async def _opened(part: Part, settings: Sound, wanted: str) -> Finding:
    """`settings` leave the other part to the page."""
    if wanted == PAGE:
        return Finding(part, State.SIMULATED, f"the page lends the browser's {part}", needed=False)
    wrong = ""

    def trouble(part: Part, sentence: str) -> None:
        nonlocal wrong
        wrong = sentence

    async with open_sound(settings, time.monotonic, trouble) as sound:
        device = sound.microphone or sound.speaker
        if device is None:
            detail = f"none here: the page lends the browser's {part}"
            return Finding(part, State.SIMULATED, detail, _may_not(SOUND_DEVICES), needed=False)
        if not await device.opened(0):
            what, _, fix = (wrong or f"the {part} does not open").partition(": ")
            return Finding(part, State.PROBLEM, what, _may_not(SOUND_DEVICES) or fix)
        if sound.microphone:
            return await _heard(sound.microphone, sound)
        return Finding(part, State.OK, f"{sound.names[1]} opens")


async def _heard(microphone: Microphone, sound: OpenSound) -> Finding:
    part, name = "microphone", sound.names[0]
    pcm = bytearray()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(ANSWERS_S):
            async for frame in microphone.frames():
                pcm += frame.pcm
                if len(pcm) >= LISTENS_S * 2 * RATE_HZ:
                    break
    if not pcm:
        return Finding(part, State.PROBLEM, f"{name} gives no sound", "plug it in again, or restart it")
    level = measure(bytes(pcm))
    if level.peak_dbfs <= FLOOR_DBFS:
        detail = f"{name} opens and gives perfect silence"
        return Finding(part, State.PROBLEM, detail, "is it muted, or its volume zero?", needed=False)
    return Finding(part, State.OK, f"{name} opens; the room has {level.rms_dbfs:.0f} dBFS now")


def _may_not(folder: Path) -> str:
    """What to do when this user may not touch the sound card."""
    devices = list(folder.glob("pcm*"))
    return "" if any(map(_usable, devices)) or not devices else _join("audio")


# --- button and light ----------------------------------------------------------------------------


def _button(machine: Machine) -> Finding:
    button = machine.settings.button
    if not (button.pin or button.keyboard):
        return Finding("button", State.SIMULATED, "none is named: the page's serves", needed=False)
    try:
        found = [look(button) for named, look in ((button.pin, _pin), (button.keyboard, _key)) if named]
    except (HardwareError, SettingsError) as error:
        return _refused("button", error)
    return Finding("button", State.OK, "; ".join(found))


def _pin(button: Button) -> str:
    """Raises HardwareError."""
    with pin_errors(f"The button on {button.pin}"):
        from gpiozero import InputDevice

        InputDevice(button.pin, pull_up=button.wiring == "to_ground").close()
    return f"{button.pin} can be read"


def _key(button: Button) -> str:
    """Raises HardwareError, SettingsError."""
    device = input_devices.find(button.keyboard, key_code(button.key))
    if device is None:
        raise HardwareError(
            f'There is no input device with "{button.keyboard}" in its name and a key {button.key}: '
            "plug it in, or correct button.keyboard."
        )
    if not _usable(device):
        raise HardwareError(f"{device} may not be read: {_join('input')}.")
    return f"{button.key} on {device}"


def _light(machine: Machine) -> Finding:
    lights = machine.settings.lights
    if lights.kind == "none":
        return Finding("light", State.SIMULATED, "none is named: it is shown on the page", needed=False)
    try:
        leds = open_leds(lights)
    except HardwareError as error:
        return _refused("light", error)
    assert leds is not None
    leds.close()
    return Finding("light", State.OK, f"{leds.count} LED{'s' if leds.count > 1 else ''} can be switched")


def _refused(name: str, error: TwomindsError) -> Finding:
    """The device can still be talked to without it, by the page."""
    chips = list(GPIO_FOLDER.glob("gpiochip*"))
    fix = _join("gpio") if chips and not any(map(_usable, chips)) else ""
    if "busy" in str(error):
        fix = "perhaps twominds runs already"
    return Finding(name, State.PROBLEM, str(error), fix, needed=False)


def _usable(device: Path) -> bool:
    return os.access(device, os.R_OK | os.W_OK)


def _join(group: str) -> str:
    return f"sudo usermod -aG {group} {getpass.getuser()}, then log in again"


CHECKS: Mapping[str, Check] = {
    "sound server": _sound_server,
    "sound devices": _sound_devices,
    "microphone": _microphone,
    "speaker": _speaker,
    "button": _button,
    "light": _light,
}
