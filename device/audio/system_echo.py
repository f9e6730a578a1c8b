"""Echo cancellation by the sound server, PulseAudio or PipeWire: its module is loaded for our streams.

The module gives a microphone and a speaker of its own, made of the real ones; the rest of the machine is
left as it is. They are named after this process, so that two programs do not take each other's away, and
what a killed one has left behind is known. The module's gain control is switched off: it would turn the real
microphone's volume, for everybody.

Every call here takes some ten milliseconds, so none belongs into the event loop.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import subprocess
import threading
import time
from pathlib import Path

from device.audio import sound_server
from device.audio.sound_devices import AUTO, absent
from device.audio.sound_library import SoundLibrary
from device.audio.sound_server import Direction
from device.audio.sound_stream import InputStream, OutputStream
from device.errors import AudioDeviceError

OURS = "twominds_"
EARS, VOICE = f"{OURS}ears_{os.getpid()}", f"{OURS}voice_{os.getpid()}"
METHOD = ("aec_method=webrtc", 'aec_args="analog_gain_control=0 digital_gain_control=0"')
ANSWERS_WITHIN_S = 5.0
APPEARS_WITHIN_S = 2.0

_OWNER = re.compile(rf"^(\d+)\tmodule-echo-cancel\t.*source_name={OURS}ears_(\d+)", re.MULTILINE)
"""The module and the process that has loaded it, in a list of the server's."""

log = logging.getLogger(__name__)


class EchoFreeLibrary(SoundLibrary):
    """Opens the microphone and the speaker that the module gives, instead of those that are wanted.

    Where there is no module to be had, the wanted ones: the device then takes turns, as without this.
    """

    def __init__(self, microphone: str, speaker: str) -> None:
        """The wanted ones: parts of their names, or `AUTO`."""
        super().__init__()
        self._echo = SystemEchoCancellation(microphone, speaker)
        self._past_it = False
        """The last stream was opened on the wanted device itself."""

    def prepare(self) -> None:
        """Load the module before a stream is opened, which would take long for that. From any thread."""
        self._echo.works()

    def open_input(self, wanted: str) -> InputStream:
        return super().open_input(self._choose(EARS, wanted))

    def open_output(self, wanted: str) -> OutputStream:
        return super().open_output(self._choose(VOICE, wanted))

    def real_device(self, direction: Direction, server_device: str) -> str:
        if self.masters is None or not server_device.startswith(OURS):
            return ""
        return self.masters[direction is Direction.OUTPUT]

    def _choose(self, echo_free: str, wanted: str) -> str:
        """Both streams go the same way, or the echo of one would not be cancelled in the other."""
        works = self._echo.works()
        if works and self._past_it:
            self.step_aside()
        self._past_it = not works
        return echo_free if works else wanted

    @property
    def masters(self) -> tuple[str, str] | None:
        """The real microphone and speaker, by the server's names, while their echo is cancelled."""
        return self._echo.masters

    @property
    def why_not(self) -> str:
        """A sentence: why echo is not cancelled, and what to do; empty while it is."""
        return self._echo.why_not

    def close(self) -> None:
        super().close()
        self._echo.close()


class SystemEchoCancellation:
    """The module, once. Safe to use from any thread."""

    def __init__(self, microphone: str, speaker: str) -> None:
        self._wanted = (Direction.INPUT, microphone), (Direction.OUTPUT, speaker)
        self._lock = threading.Lock()
        self._module = ""
        self.masters: tuple[str, str] | None = None
        self.why_not = ""

    def works(self) -> bool:
        """Loads the module unless it is there; a server that was started anew has forgotten it."""
        with self._lock:
            try:
                self._ensure()
            except AudioDeviceError as error:
                self.masters = None
                if str(error) != self.why_not:
                    log.warning("%s", error)
                self.why_not = str(error)
                return False
            self.why_not = ""
            return True

    def close(self) -> None:
        """Take it away again, if it was loaded here. Idempotent."""
        with self._lock:
            self._unload()
            self.masters = None

    def _ensure(self) -> None:
        """Raises AudioDeviceError."""
        there = {device.name for way in Direction for device in _devices(way)}
        if self.masters is not None and {EARS, VOICE, *self.masters} <= there:
            return
        self._unload()
        _take_away_what_dead_ones_left()
        source, sink = (_real(direction, name) for direction, name in self._wanted)
        names = (f"source_name={EARS}", f"sink_name={VOICE}")
        masters = (f"source_master={source}", f"sink_master={sink}")
        self._module = _pactl("load-module", "module-echo-cancel", *names, *masters, *METHOD).strip()
        _wait_until_there()
        self.masters = source, sink

    def _unload(self) -> None:
        if self._module:
            with contextlib.suppress(AudioDeviceError):  # the server has gone, and the module with it
                _pactl("unload-module", self._module)
        self._module = ""


def _take_away_what_dead_ones_left() -> None:
    """Raises AudioDeviceError."""
    for module, process in _OWNER.findall(_pactl("list", "short", "modules")):
        if not Path("/proc", process).exists():
            _pactl("unload-module", module)


def _wait_until_there() -> None:
    """PipeWire lists a module's devices a little after it has loaded the module. Raises AudioDeviceError."""
    give_up_s = time.monotonic() + APPEARS_WITHIN_S
    while {EARS, VOICE} - {device.name for way in Direction for device in _devices(way)}:
        if time.monotonic() > give_up_s:
            raise AudioDeviceError("Echo cannot be cancelled: the sound server's module gives no devices.")
        time.sleep(0.05)


def _real(direction: Direction, wanted: str) -> str:
    """The server's name of the device that is wanted, or its default. Raises AudioDeviceError."""
    real = [device for device in _devices(direction) if not device.name.startswith(OURS)]
    fitting = [device.name for device in real if wanted == AUTO or device.matches(wanted)]
    if not fitting:
        raise AudioDeviceError(f"Echo cannot be cancelled. {absent(direction, wanted)}")
    usual = sound_server.default(direction)
    return usual if usual in fitting else fitting[0]


def _devices(direction: Direction) -> list[sound_server.ServerDevice]:
    """Raises AudioDeviceError."""
    found = sound_server.devices(direction)
    if found is None:
        raise AudioDeviceError(
            "Echo cannot be cancelled: that needs PulseAudio or PipeWire, running for this user, and pactl "
            "(sudo apt install pulseaudio-utils). Otherwise set sound.echo_cancellation to off."
        )
    return found


def _pactl(*arguments: str) -> str:
    """What it prints. Raises AudioDeviceError."""
    try:
        done = subprocess.run(
            ["pactl", *arguments], capture_output=True, text=True, timeout=ANSWERS_WITHIN_S, check=True
        )
    except subprocess.CalledProcessError as error:
        raise AudioDeviceError(f"Echo cannot be cancelled: pactl says {error.stderr.strip()!r}.") from error
    except (subprocess.TimeoutExpired, OSError) as error:
        raise AudioDeviceError(f"Echo cannot be cancelled: {error}.") from error
    return done.stdout
