"""Echo cancellation by the sound server, PulseAudio or PipeWire: its module is loaded for our streams.

The module gives a microphone and a speaker of its own, which are chosen for this process alone by the
environment that the servers' clients read (PULSE_SOURCE, PULSE_SINK); the rest of the machine is left as it
is. Its gain control is switched off: it would turn the real microphone's volume, for everybody.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, MutableMapping

from device.errors import AudioDeviceError

EARS, VOICE = "twominds_ears", "twominds_voice"
ARGUMENTS = (
    f"source_name={EARS}",
    f"sink_name={VOICE}",
    "aec_method=webrtc",
    'aec_args="analog_gain_control=0 digital_gain_control=0"',
)
ANSWERS_WITHIN_S = 5.0


class SystemEchoCancellation:
    """The module, once. Every call takes some milliseconds, so none belongs into the event loop."""

    def __init__(self, env: MutableMapping[str, str]) -> None:
        """`env` is this process's own: what it says counts for streams that are opened later."""
        self._env = env
        self._module = ""

    def ensure(self) -> None:
        """Load the module unless it is there: a sound server that was started anew has forgotten it.

        Raises AudioDeviceError when there is no such server, or it has no such module.
        """
        if not self._is_loaded():
            self._module = _pactl("load-module", "module-echo-cancel", *ARGUMENTS).strip()
        self._env.update(PULSE_SOURCE=EARS, PULSE_SINK=VOICE)

    def close(self) -> None:
        """Take it away again, if it was loaded here. Idempotent."""
        for name in ("PULSE_SOURCE", "PULSE_SINK"):
            self._env.pop(name, None)
        if self._module:
            with contextlib.suppress(AudioDeviceError):  # the server has gone, and the module with it
                _pactl("unload-module", self._module)
            self._module = ""

    def _is_loaded(self) -> bool:
        return any(EARS in line.split() for line in _pactl("list", "short", "sources").splitlines())


@contextlib.contextmanager
def cancelling_echo(env: MutableMapping[str, str]) -> Iterator[SystemEchoCancellation]:
    """Echo is cancelled for the streams that are opened while this is. Raises AudioDeviceError."""
    echo = SystemEchoCancellation(env)
    echo.ensure()
    try:
        yield echo
    finally:
        echo.close()


def _pactl(*arguments: str) -> str:
    """What it prints. Raises AudioDeviceError."""
    if shutil.which("pactl") is None:
        raise AudioDeviceError(
            "Echo cancellation needs PulseAudio or PipeWire, and the program pactl is missing: "
            "sudo apt install pulseaudio-utils, or set sound.echo_cancellation to off."
        )
    try:
        done = subprocess.run(
            ["pactl", *arguments], capture_output=True, text=True, timeout=ANSWERS_WITHIN_S, check=True
        )
    except (subprocess.SubprocessError, OSError) as error:
        why = getattr(error, "stderr", None) or str(error)
        raise AudioDeviceError(
            f"Echo cancellation could not be switched on: pactl says {str(why).strip()!r}. Is PulseAudio or "
            "PipeWire running for this user? Otherwise set sound.echo_cancellation to off."
        ) from error
    return done.stdout
