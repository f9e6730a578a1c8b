"""Mu-law (ITU-T G.711), both ways: eight bits a sample, what FastRTC and Twilio speak.

One byte is one sample at the wire's rate; nothing is lost or left out but by the device itself.
"""

from __future__ import annotations

import numpy as np

from device.audio.packet_numbers import LONGEST_GAP_S, PacketNumbers
from device.audio.resample import Resampler
from device.contracts import RATE_HZ, Audio
from device.errors import LinkError

SILENCE = b"\xff"
"""A sample of nothing."""
LONGEST_PACKET_BYTES = 64 * 1024
_BIAS = 132
_LOUDEST = 32_635
"""What is louder is cut off there, so that the bias fits in (G.711)."""


def _expanded() -> np.ndarray:
    """The sample of each of the 256 bytes: sign, three bits of exponent, four of mantissa, all inverted."""
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = (((code & 15).astype(np.int32) << 3) + _BIAS << (code >> 4 & 7)) - _BIAS
    return np.where(code & 128, -magnitude, magnitude).astype("<i2")


_SAMPLES = _expanded()


def compress(pcm: bytes) -> bytes:
    """int16 samples into one byte each."""
    samples = np.frombuffer(pcm, "<i2").astype(np.int32)
    magnitude = np.minimum(np.abs(samples), _LOUDEST) + _BIAS
    exponent = np.log2(magnitude).astype(np.int32) - 7
    code = exponent << 4 | (magnitude >> exponent + 3) & 15
    return bytes((~np.where(samples < 0, code | 128, code)).astype(np.uint8).tobytes())


def expand(data: bytes) -> bytes:
    """Bytes into int16 samples."""
    return bytes(_SAMPLES[np.frombuffer(data, np.uint8)].tobytes())


class MulawEncoder:
    """Mono PCM at `from_hz` into packets of `frame_ms` at `rate_hz`, silence too (`ports.SoundEncoder`)."""

    def __init__(self, rate_hz: int, *, frame_ms: int = 20, from_hz: int = RATE_HZ) -> None:
        self._resampler = Resampler(from_hz, rate_hz)
        self._size = rate_hz * frame_ms // 1000
        self._rest = b""
        self._number = 0

    def encode(self, pcm: bytes) -> list[tuple[int, bytes]]:
        """The packets that are now complete."""
        return self._cut(compress(self._resampler.feed(pcm)))

    def finish(self) -> list[tuple[int, bytes]]:
        """The last packet, filled up with silence."""
        held = compress(self._resampler.flush())
        return self._cut(held + SILENCE * (-(len(self._rest) + len(held)) % self._size))

    def _cut(self, data: bytes) -> list[tuple[int, bytes]]:
        self._rest += data
        count = len(self._rest) // self._size
        pieces = [self._rest[i * self._size : (i + 1) * self._size] for i in range(count)]
        self._rest = self._rest[count * self._size :]
        first, self._number = self._number, self._number + count
        return [(first + i, piece) for i, piece in enumerate(pieces)]


class MulawDecoder:
    """Packets at `rate_hz` into mono PCM at the same rate: see `ports.SoundDecoder`.

    What is missing is silence, as much as packets of this length would hold; `LONGEST_GAP_S` at most.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._numbers = PacketNumbers()

    def decode(self, number: int, packet: bytes) -> Audio | None:
        """Raises LinkError for what is empty or far too long; every other byte is a sample."""
        if not 0 < len(packet) <= LONGEST_PACKET_BYTES:
            raise LinkError(f"A packet of sound has {len(packet)} bytes.")
        missing = self._numbers.missing_before(number)
        if missing is None:
            return None
        gap = min(missing * len(packet), round(LONGEST_GAP_S * self._rate_hz))
        return Audio(bytes(2 * gap) + expand(packet), self._rate_hz)
