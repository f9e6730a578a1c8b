"""What the sound library uses of the module `sounddevice`, without a sound card."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

INVALID_RATE = -9_997
INVALID_CHANNELS = -9_998
UNAVAILABLE = -9_985
BUFFER_SAMPLES = 4_800


class PortAudioError(Exception):
    pass


@dataclass
class Card:
    """A device that takes these rates and numbers of channels."""

    name: str
    rates_hz: Sequence[int] = (48_000,)
    channels: Sequence[int] = (1,)
    inputs: int = 1
    outputs: int = 1
    busy: bool = False
    given: bytes = b""
    """What a microphone still has to give, all channels."""
    written: bytes = b""
    gone: bool = False
    hangs: threading.Event | None = None
    """Closing waits for it."""
    streams: list[Any] = field(default_factory=list)


class Stream:
    def __init__(self, card: Card, rate_hz: int, channels: int) -> None:
        self.samplerate = float(rate_hz)
        self.channels = channels
        self.latency = 0.1
        self.waiting = 0
        self.told: list[str] = []
        self._card = card
        card.streams.append(self)

    def start(self) -> None:
        self.told.append("start")

    def abort(self) -> None:
        self.told.append("abort")
        self.waiting = 0

    def close(self) -> None:
        if self._card.hangs:
            self._card.hangs.wait()
        self.told.append("close")
        self._card.streams.remove(self)

    @property
    def read_available(self) -> int:
        self._check()
        return len(self._card.given) // 2 // self.channels

    def read(self, frames: int) -> tuple[bytes, bool]:
        size = 2 * self.channels * frames
        given, self._card.given = self._card.given[:size], self._card.given[size:]
        return given, False

    @property
    def write_available(self) -> int:
        self._check()
        return BUFFER_SAMPLES - self.waiting

    def write(self, pcm: bytes) -> bool:
        self._card.written += pcm
        self.waiting += len(pcm) // 2 // self.channels
        return False

    def _check(self) -> None:
        if self._card.gone:
            raise PortAudioError("Unanticipated host error", -9_999)


class FakePortAudio:
    """Lists the cards that were there when it was initialised."""

    PortAudioError = PortAudioError

    def __init__(self, *cards: Card) -> None:
        self.cards = list(cards)
        self.looks = 0
        self._listed: list[Card] = []
        self._initialize()

    @property
    def default(self) -> Any:
        return SimpleNamespace(device=(0, 0))

    def query_hostapis(self) -> list[dict[str, str]]:
        return [{"name": "ALSA"}]

    def query_devices(self) -> list[dict[str, Any]]:
        return [
            {
                "name": card.name,
                "hostapi": 0,
                "max_input_channels": card.inputs,
                "max_output_channels": card.outputs,
                "default_samplerate": float(card.rates_hz[0]),
            }
            for card in self._listed
        ]

    def open(
        self, rate_hz: int, blocksize: None, index: int, channels: int, dtype: str, latency: float
    ) -> Stream:
        card = self._listed[index]
        if card.busy:
            raise PortAudioError("Device unavailable", UNAVAILABLE)
        if channels not in card.channels:
            raise PortAudioError("Invalid number of channels", INVALID_CHANNELS)
        if rate_hz not in card.rates_hz:
            raise PortAudioError("Invalid sample rate", INVALID_RATE)
        return Stream(card, rate_hz, channels)

    RawInputStream = RawOutputStream = open

    def _initialize(self) -> None:
        self.looks += 1
        self._listed = list(self.cards)

    def _terminate(self) -> None:
        assert not any(card.streams for card in self.cards), "a stream is open"

    _exit_handler: Callable[[], None] = staticmethod(lambda: None)
