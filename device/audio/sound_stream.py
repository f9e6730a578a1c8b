"""Streams of a sound card as the rest of the room sees them: nothing in them ever waits for sound.

A blocking read hangs for ever in native code when the sound server dies. So whoever uses a stream asks how
much there is to read, or how much room to write, sleeps by itself, and moves only that much.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from device.audio.resample import to_mono


class InputStream(Protocol):
    """An open microphone. Every call raises AudioDeviceError when the device is gone."""

    name: str
    rate_hz: int

    def read(self) -> bytes:
        """All that has been captured since the last call: mono PCM at `rate_hz`; may be nothing."""
        ...

    def close(self) -> None:
        """The operating system sees the device closed. Never raises."""
        ...


class OutputStream(Protocol):
    """An open speaker, stopped. Every call raises AudioDeviceError when the device is gone."""

    name: str
    rate_hz: int

    def check(self) -> None:
        """Only see whether the device is still there."""
        ...

    @property
    def waiting_samples(self) -> int:
        """Samples that were written and have not sounded; 0 while it is stopped."""
        ...

    @property
    def room_samples(self) -> int:
        """Samples that `write` takes now."""
        ...

    def write(self, pcm: bytes) -> None:
        """Start if need be, and give mono PCM, no more than there is room for."""
        ...

    def stop(self) -> None:
        """Drop what has not sounded, at once; the next `write` starts again."""
        ...

    def close(self) -> None:
        """Never raises."""
        ...


class Hold(Protocol):
    """What the library has to do with a stream that it opened."""

    def guard(self) -> AbstractContextManager[None]:
        """Around every call: raises AudioDeviceError for what it raises, and when the device is gone."""
        ...

    def release(self, close: Callable[[], None]) -> None:
        """Close it while nothing else is opened or closed."""
        ...


class _CardStream:
    """A stream of sounddevice's, of int16, and the library's hold on it."""

    def __init__(self, name: str, stream: Any, hold: Hold) -> None:
        self.name = name
        self.rate_hz = round(stream.samplerate)
        self._stream = stream
        self._hold = hold
        self._channels = int(stream.channels)
        self._running = False

    def close(self) -> None:
        self._stream.abort()
        self._hold.release(self._stream.close)


class CardInput(_CardStream):
    """A sounddevice.RawInputStream, started by the first `read`. Implements `InputStream`."""

    def read(self) -> bytes:
        with self._hold.guard():
            if not self._running:
                self._stream.start()
                self._running = True
            available = min(self._stream.read_available, self.rate_hz)
            if available <= 0:
                return b""
            data, _ = self._stream.read(available)
        if self._channels == 1:
            return bytes(data)
        return to_mono(np.frombuffer(data, np.int16).reshape(-1, self._channels)).tobytes()


class CardOutput(_CardStream):
    """A sounddevice.RawOutputStream, not started yet. Implements `OutputStream`."""

    def __init__(self, name: str, stream: Any, hold: Hold) -> None:
        super().__init__(name, stream, hold)
        self._buffer_samples = int(stream.latency * self.rate_hz)

    def check(self) -> None:
        with self._hold.guard():
            self._free()

    @property
    def waiting_samples(self) -> int:
        return max(0, self._buffer_samples - self.room_samples)

    @property
    def room_samples(self) -> int:
        with self._hold.guard():
            return self._free() if self._running else self._buffer_samples

    def write(self, pcm: bytes) -> None:
        with self._hold.guard():
            if not self._running:
                self._start()
            samples = np.frombuffer(pcm, np.int16)
            self._stream.write(np.repeat(samples, self._channels).tobytes())

    def stop(self) -> None:
        self._running = False
        self._stream.abort()

    def _start(self) -> None:
        self._stream.start()
        self._running = True
        self._buffer_samples = self._free()

    def _free(self) -> int:
        free: int = self._stream.write_available
        return free
