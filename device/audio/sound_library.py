"""The one owner of PortAudio in this process: which devices there are, opening them, looking anew.

PortAudio lists the devices once, when it is initialised, and that is the only way to make it look again,
with no stream open. So whoever holds a stream asks `must_step_aside` now and then, and if so, closes it and
opens it again. Every call here may take long when a sound server stands still: none belongs into the event
loop.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import threading
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, cast

from device.audio.sound_devices import Place, SoundDevice, broken, busy, find, gone, plugged
from device.audio.sound_server import Direction, Placement
from device.audio.sound_stream import CardInput, CardOutput, InputStream, OutputStream
from device.errors import AudioDeviceError, EngineMissing

BUFFER_S = 0.1
"""Of the card: shorter ones had gaps on a busy machine, and stopping a stream drops it at once."""
RATES_HZ = (48_000, 44_100, 96_000, 32_000, 16_000, 22_050, 11_025, 8_000, 192_000)
MANY_CHANNELS = 16
"""More than a card has: the device is not one, and takes any number."""
ASIDE_S = 5.0
"""How long an opening waits for the others to step aside for a look at the devices."""
_ASK_FOR_OTHERS = (-9_997, -9_998, -9_994)
"""paInvalidSampleRate, paInvalidChannelCount, paSampleFormatNotSupported."""
_DEVICE_UNAVAILABLE = -9_985


def _sounddevice() -> Any:
    try:
        import sounddevice
    except (ImportError, OSError) as error:
        raise EngineMissing(
            "The sound card needs PortAudio, which is not installed: sudo apt install libportaudio2."
        ) from error
    _hush_alsa()
    if not sounddevice._initialized:  # an earlier library was closed
        sounddevice._initialize()
    return sounddevice


def _hush_alsa() -> None:
    """ALSA writes what goes wrong to the terminal, too; PortAudio's errors tell it already.

    Its handler is set to a function of the C library that takes no notice of its arguments: one made by
    Python would need memory that is both writable and executable, which a service may forbid.
    """
    with contextlib.suppress(OSError, AttributeError):
        handler = ctypes.cast(ctypes.CDLL(None).getpid, ctypes.c_void_p)
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(handler)


class SoundLibrary:
    """Safe to use from any thread. PortAudio is loaded at the first use."""

    def __init__(self, load: Callable[[], Any] = _sounddevice) -> None:
        """`load` gives the module `sounddevice`; raises EngineMissing."""
        self._load = load
        self._changed = threading.Condition(threading.RLock())
        self._loaded: Any = None
        self._plugged: object = None
        """What was plugged in when the devices were listed."""
        self._streams = 0
        self._asked_aside = False

    def devices(self) -> list[SoundDevice]:
        """Raises EngineMissing without PortAudio."""
        with self._changed:
            library = self._library()
            apis = library.query_hostapis()
            return [
                SoundDevice(
                    index,
                    entry["name"],
                    apis[entry["hostapi"]]["name"],
                    entry["max_input_channels"],
                    entry["max_output_channels"],
                    round(entry["default_samplerate"]),
                )
                for index, entry in enumerate(library.query_devices())
            ]

    def open_input(self, wanted: str) -> InputStream:
        """A microphone by a part of its name, or `AUTO`. Raises AudioDeviceError, EngineMissing."""
        return CardInput(*self._open(Direction.INPUT, wanted))

    def open_output(self, wanted: str) -> OutputStream:
        """A speaker by a part of its name, or `AUTO`. Raises AudioDeviceError, EngineMissing."""
        return CardOutput(*self._open(Direction.OUTPUT, wanted))

    @property
    def must_step_aside(self) -> bool:
        """Whoever holds a stream closes it soon, and opens it again."""
        return self._asked_aside

    def look_anew(self) -> None:
        """List the devices again: now, when no stream is open; else when all have stepped aside.

        Nobody is disturbed unless something was plugged in or out since the last look.
        """
        with self._changed:
            if self._streams == 0:
                self._restart()
            elif plugged() != self._plugged:
                self.step_aside()

    def closed(self, close: Callable[[], None]) -> None:
        """Called by a stream that is let go: `close` it now."""
        with self._changed:
            close()
            self._streams -= 1
            if self._streams == 0 and self._asked_aside:
                self._restart()

    @property
    def portaudio_error(self) -> type[Exception]:
        """What PortAudio's calls raise."""
        return cast(type[Exception], self._library().PortAudioError)

    def close(self) -> None:
        """At the end of the process. A stream that hangs in native code is left where it is."""
        if self._loaded is None:
            return
        atexit.unregister(self._loaded._exit_handler)  # it would wait for a stream that hangs
        if self._streams == 0 and self._changed.acquire(blocking=False):
            self._loaded._terminate()
            self._loaded = None
            self._changed.release()

    # --- inside ---

    def _library(self) -> Any:
        if self._loaded is None:
            self._plugged = plugged()
            self._loaded = self._load()
        return self._loaded

    def _restart(self) -> None:
        library = self._library()
        self._plugged = plugged()
        self._asked_aside = False
        for call in (library._terminate, library._initialize):
            with contextlib.suppress(self.portaudio_error):  # then nothing can be opened, and that is told
                call()
        self._changed.notify_all()

    def _open(self, direction: Direction, wanted: str) -> tuple[str, Any, _Hold]:
        """The name of the device, the stream, and what the library has to do with it."""
        with self._changed:
            if not self._changed.wait_for(lambda: not self._asked_aside, ASIDE_S):
                self._asked_aside = False
            try:
                place = self._find(direction, wanted)
                with _pinned(direction, place.server_device):
                    stream = self._open_somehow(direction, place.device)
            except self.portaudio_error as error:
                sentence = busy if _DEVICE_UNAVAILABLE in error.args else broken
                raise AudioDeviceError(sentence(direction, wanted)) from error
            self._streams += 1
        behind = self.real_device(direction, place.server_device)
        placement = Placement(direction, place.wanted, behind) if place.server_device else None
        return place.name, stream, _Hold(self, direction, behind or place.name, placement)

    def real_device(self, direction: Direction, server_device: str) -> str:
        """The server's name of the device that one of its devices is made of; empty: it is real itself."""
        return ""

    def step_aside(self) -> None:
        """Whoever holds a stream opens it again."""
        with self._changed:
            self._asked_aside = self._streams > 0

    def _find(self, direction: Direction, wanted: str) -> Place:
        defaults = self._library().default.device
        return find(self.devices(), defaults[direction is Direction.OUTPUT], direction, wanted)

    def _open_somehow(self, direction: Direction, device: SoundDevice) -> Any:
        """With the first rate and number of channels that it takes."""
        library = self._library()
        make = library.RawInputStream if direction is Direction.INPUT else library.RawOutputStream
        refused: Exception | None = None
        rates_hz = dict.fromkeys((RATES_HZ[0], device.rate_hz, *RATES_HZ))
        for rate_hz, channels in product(rates_hz, _channel_counts(device.channels(direction))):
            try:
                return make(rate_hz, None, device.index, channels, "int16", BUFFER_S)
            except library.PortAudioError as error:
                if not set(_ASK_FOR_OTHERS) & set(error.args):
                    raise
                refused = error
        assert refused is not None
        raise refused


class _Hold:
    """Of a stream that is open: the library counts it, and its place on a server is looked after."""

    def __init__(
        self, library: SoundLibrary, direction: Direction, name: str, placement: Placement | None
    ) -> None:
        self._library = library
        self._direction = direction
        self._name = name
        self._placement = placement

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        if self._placement is not None and self._placement.lost:
            raise AudioDeviceError(gone(self._direction, self._name))
        try:
            yield
        except self._library.portaudio_error as error:
            raise AudioDeviceError(gone(self._direction, self._name)) from error

    def release(self, close: Callable[[], None]) -> None:
        if self._placement is not None:
            self._placement.close()
        self._library.closed(close)


def _channel_counts(most: int) -> tuple[int, ...]:
    """Mono if it can be; a device that has no mono wants two, or all that it has."""
    return tuple(dict.fromkeys(count for count in (1, 2, most) if count <= min(most, MANY_CHANNELS)))


@contextlib.contextmanager
def _pinned(direction: Direction, server_device: str) -> Iterator[None]:
    """Streams opened within go to that device of the server; its library reads the environment."""
    if not server_device:
        yield
        return
    before = os.environ.get(direction.variable)
    os.environ[direction.variable] = server_device
    try:
        yield
    finally:
        if before is None:
            del os.environ[direction.variable]
        else:
            os.environ[direction.variable] = before
