"""A real sound card where there is none: a private PulseAudio or PipeWire with virtual devices.

Both pace sound by a clock, as hardware does. Nothing of the person's own sound server is touched: each runs
with directories of its own and is ended by its process id.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import subprocess
import threading
import time
import wave
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from device.contracts import Audio

RATE_HZ = 48_000
READY_S = 10.0
AUDIBLE = 300
"""Of 32,768: louder than any dither."""

_FORMAT = (f"--rate={RATE_HZ}", "--channels=2", "--format=s16le")
_ASOUNDRC = "pcm.!default { type pulse }\nctl.!default { type pulse }\n"


@dataclass(frozen=True, slots=True)
class Heard:
    """What came out of the speaker, one channel, at `RATE_HZ`."""

    samples: np.ndarray
    began_s: float
    """When the first sample arrived, monotonic; some 10 ms after it sounded."""

    def audible_s(self) -> tuple[float, float]:
        """When the first and the last audible sample arrived."""
        loud = np.nonzero(np.abs(self.samples.astype(int)) > AUDIBLE)[0]
        assert len(loud), "nothing was heard"
        return self.began_s + loud[0] / RATE_HZ, self.began_s + loud[-1] / RATE_HZ

    def longest_gap_s(self) -> float:
        """Between two audible samples."""
        loud = np.nonzero(np.abs(self.samples.astype(int)) > AUDIBLE)[0]
        return float(np.diff(loud).max()) / RATE_HZ

    @property
    def silent(self) -> bool:
        return not np.any(np.abs(self.samples.astype(int)) > AUDIBLE)


def in_three_attempts(test: Callable[..., None]) -> Callable[..., None]:
    """On a machine that is busy with other things, the sound server has gaps; one attempt must hold."""

    @functools.wraps(test)
    def attempt(card: SoundCard, *args: Any, **kwargs: Any) -> None:
        for _ in range(2):
            with contextlib.suppress(AssertionError):
                return test(card, *args, **kwargs)
            card.restore()
        return test(card, *args, **kwargs)

    return attempt


class Recorder:
    """Listens at the virtual speaker."""

    def __init__(self, env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            ["parec", "--device=speaker.monitor", "--raw", "--latency-msec=10", *_FORMAT],
            stdout=subprocess.PIPE,
            env=env,
        )
        self._pieces: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def heard(self) -> Heard:
        """Everything so far."""
        pieces = list(self._pieces)
        pcm = b"".join(pcm for _, pcm in pieces)
        samples = np.frombuffer(pcm[: len(pcm) // 4 * 4], np.int16).reshape(-1, 2)[:, 0]
        counts = np.cumsum([len(pcm) // 4 for _, pcm in pieces])
        arrivals = [arrived_s - count / RATE_HZ for (arrived_s, _), count in zip(pieces, counts, strict=True)]
        return Heard(samples, float(np.median(arrivals)) if arrivals else 0.0)

    def wait_until_it_hears(self) -> None:
        """Silence, or whatever there is."""
        give_up_s = time.monotonic() + READY_S
        while not self._pieces:
            assert time.monotonic() < give_up_s, "the speaker's monitor gives nothing"
            time.sleep(0.02)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        while pcm := os.read(self._process.stdout.fileno(), 65_536):
            self._pieces.append((time.monotonic(), pcm))


class SoundCard(ABC):
    """A sound server with the source `mic` and the sink `speaker`."""

    programs: tuple[str, ...] = ()

    def __init__(self, folder: Path) -> None:
        for program in (*self.programs, "pactl", "paplay", "parec"):
            if shutil.which(program) is None:
                pytest.skip(f"needs {program}")
        for name in ("run", "home"):
            (folder / name).mkdir(mode=0o700, parents=True)
        (folder / "home" / ".asoundrc").write_text(_ASOUNDRC)
        self.folder = folder
        self.env = {
            **{key: value for key, value in os.environ.items() if key != "DBUS_SESSION_BUS_ADDRESS"},
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "PULSE_RUNTIME_PATH": str(folder / "run" / "pulse"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "LC_ALL": "C.UTF-8",
        }
        self._server: subprocess.Popen[bytes] | None = None
        self._modules: dict[str, str] = {}

    @abstractmethod
    def command(self) -> list[str]:
        """What starts the server in the foreground."""

    def start(self) -> None:
        """The server with microphone and speaker."""
        with (self.folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                self.command(), env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._until_it_works("info")
            self.pactl("load-module", "module-null-sink", "sink_name=micsink", "rate=48000", *self.mono)
            self.plug_speaker()
            self.plug_microphone()
        except BaseException:
            self.kill()
            raise

    def restore(self) -> None:
        """What was killed, unplugged or stopped is there again."""
        self.signal(signal.SIGCONT)
        if self._server is None:
            self.start()
        if "speaker" not in self._modules:
            self.plug_speaker()
        if "mic" not in self._modules:
            self.plug_microphone()

    def kill(self) -> None:
        """All of it, without a word to anybody."""
        self.signal(signal.SIGKILL)
        if self._server is not None:
            self._server.wait()
        self._server = None
        self._modules.clear()

    def signal(self, number: signal.Signals) -> None:
        """To the server and to whatever it has started."""
        if self._server is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._server.pid, number)

    def plug_microphone(self, *options: str) -> None:
        self._load("mic", "module-remap-source", "master=micsink.monitor", "source_name=mic", *options)
        self._until_it_works("set-default-source", "mic")

    def unplug_microphone(self) -> None:
        self._unload("mic")

    def plug_speaker(self) -> None:
        self._load(
            "speaker", "module-null-sink", "sink_name=speaker", "rate=48000", "channels=2", *self.options
        )
        self._until_it_works("set-default-sink", "speaker")

    def unplug_speaker(self) -> None:
        self._unload("speaker")

    def speak(self, audio: Audio) -> subprocess.Popen[bytes]:
        """Into the microphone, from now on."""
        file = self.folder / "spoken.wav"
        write_wav(file, audio)
        return subprocess.Popen(["paplay", "--device=micsink", str(file)], env=self.env)

    @contextlib.contextmanager
    def recording(self) -> Iterator[Recorder]:
        """At the speaker."""
        recorder = Recorder(self.env)
        try:
            recorder.wait_until_it_hears()
            yield recorder
        finally:
            recorder.close()

    def streams(self, kind: str, process: int) -> list[str]:
        """The lines of `pactl list source-outputs` or `sink-inputs` that are a process's."""
        whole = self.pactl("list", kind)
        return [entry for entry in whole.split("\n\n") if f'application.process.id = "{process}"' in entry]

    def pactl(self, *arguments: str) -> str:
        return subprocess.run(
            ["pactl", *arguments], env=self.env, check=True, capture_output=True, text=True, timeout=5
        ).stdout

    mono: tuple[str, ...] = ("channels=1",)
    options: tuple[str, ...] = ()
    forms: tuple[tuple[str, ...], ...] = (("rate=11025",),)
    """Other microphones that the server can make up."""

    def _load(self, key: str, *module: str) -> None:
        self._modules[key] = self.pactl("load-module", *module).strip()

    def _unload(self, key: str) -> None:
        self.pactl("unload-module", self._modules.pop(key))

    def _until_it_works(self, *arguments: str) -> None:
        """PipeWire answers before a new device is really there."""
        give_up_s = time.monotonic() + READY_S
        while subprocess.run(
            ["pactl", *arguments], env=self.env, capture_output=True, check=False
        ).returncode:
            if time.monotonic() > give_up_s:
                pytest.skip(f"the sound server does not work here: {(self.folder / 'log').read_text()}")
            time.sleep(0.05)


class PulseAudio(SoundCard):
    programs = ("pulseaudio",)
    options = ("norewinds=1",)
    mono = ("channels=1", "norewinds=1")
    forms = (("rate=11025",), ("rate=96000",), ("rate=44100", "channels=4"))

    def command(self) -> list[str]:
        return (
            "pulseaudio -n --daemonize=no --exit-idle-time=-1 --use-pid-file=no --disable-shm=yes"
            " --load=module-native-protocol-unix"
        ).split()


class PipeWire(SoundCard):
    programs = ("pipewire", "wireplumber", "dbus-run-session")

    def command(self) -> list[str]:
        servers = "pipewire & wireplumber & sleep 0.3; exec pipewire -c pipewire-pulse.conf"
        return ["dbus-run-session", "--", "sh", "-c", servers]


def write_wav(file: Path, audio: Audio) -> None:
    with wave.open(str(file), "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(audio.rate_hz)
        wav.writeframes(audio.pcm)
