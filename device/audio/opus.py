"""Opus (RFC 6716), both ways: what sound is packed into on its way to System 2 and back.

An encoder or a decoder serves one stream. A call is native and short: some 1 ms for 60 ms of sound
(docs/system-2.md), so it may be made from the event loop.
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from functools import cache
from typing import Any

from device.audio.packet_numbers import LONGEST_GAP_S, PacketNumbers
from device.contracts import RATE_HZ, Audio
from device.errors import EngineMissing, LinkError

RATES_HZ = (8_000, 12_000, 16_000, 24_000, 48_000)
FRAMES_MS = (20, 40, 60)
NOT_SENT_BYTES = 2
"""A packet this short says "silence as before" and need not be sent (opus_encode's documentation)."""
LONGEST_PACKET_MS = 120
LONGEST_PACKET_BYTES = 1276 * 6
"""Of six frames of 20 ms; what is longer is none (RFC 6716, section 3.4)."""
BITRATE = 18_500
"""The least at which libopus 1.3 spends bits on lost packets, where 10 % are expected to be lost; and a link
that talks stays below 40 kbit/s with every header and acknowledgement."""

_LIBRARIES = ("libopus.so.0", "libopus.so", "libopus.0.dylib", "opus.dll")


class OpusEncoder:
    """Mono PCM into packets of `frame_ms`; the numbers of silence are counted, but not sent.

    Variable rate: `bitrate` is the mean over speech. Each packet also holds the one before it more coarsely
    (in-band FEC), as finely as losing `expected_loss` percent of them is worth. In silence (DTX) a packet is
    sent every 0.4 s, from which the decoder makes the room's noise. `complexity` is 0 to 10.
    """

    def __init__(
        self,
        rate_hz: int = RATE_HZ,
        *,
        frame_ms: int = 60,
        bitrate: int = BITRATE,
        expected_loss: int = 10,
        complexity: int = 5,
        dtx: bool = True,
    ) -> None:
        """Raises EngineMissing without libopus, ValueError for what Opus has not."""
        if rate_hz not in RATES_HZ or frame_ms not in FRAMES_MS:
            raise ValueError(f"Opus has no packets of {frame_ms} ms at {rate_hz} Hz here.")
        opus = load_opus()
        self._encoder = opus.Encoder(rate_hz, 1, opus.APPLICATION_VOIP)
        self._encoder.bitrate = bitrate
        self._encoder.vbr = 1
        self._encoder.dtx = int(dtx)
        self._encoder.inband_fec = int(expected_loss > 0)
        self._encoder.packet_loss_perc = expected_loss
        self._encoder.complexity = complexity
        self._encoder.signal = opus.SIGNAL_VOICE
        self._samples = rate_hz * frame_ms // 1000
        self._rest = b""
        self._number = 0

    def encode(self, pcm: bytes) -> list[tuple[int, bytes]]:
        """The packets that are now complete; see `ports.SoundEncoder`."""
        return [(number, packet) for number, packet in self._packets(pcm) if len(packet) > NOT_SENT_BYTES]

    def finish(self) -> list[tuple[int, bytes]]:
        """The rest, and what the encoder itself holds back (6.5 ms), filled up with silence.

        The last packet is sent even if it is silent, so that the stream arrives in its whole length.
        """
        if not self._rest and not self._number:
            return []
        held = len(self._rest) + 2 * self._encoder.lookahead
        size = 2 * self._samples
        *before, last = self._packets(bytes(-(-held // size) * size - len(self._rest)))
        return [(number, packet) for number, packet in before if len(packet) > NOT_SENT_BYTES] + [last]

    def _packets(self, pcm: bytes) -> list[tuple[int, bytes]]:
        self._rest += pcm
        size = 2 * self._samples
        whole = len(self._rest) // size * size
        pieces = [self._rest[at : at + size] for at in range(0, whole, size)]
        self._rest = self._rest[whole:]
        first, self._number = self._number, self._number + len(pieces)
        return [(first + i, self._encoder.encode(piece, self._samples)) for i, piece in enumerate(pieces)]


class OpusDecoder:
    """Packets into mono PCM at `rate_hz`, one of `RATES_HZ`, whatever rate they were made from.

    Where packets are missing, the last of them comes out of the next packet (in-band FEC, where it is in
    there), those before it are concealed: the sound goes on, and fades. After a packet that announced
    silence it is the room's noise. Of a gap, at most `LONGEST_GAP_S` is made up; the rest is skipped.
    """

    def __init__(self, rate_hz: int = 24_000) -> None:
        """Raises EngineMissing without libopus, ValueError for a rate that Opus has not."""
        if rate_hz not in RATES_HZ:
            raise ValueError(f"Opus cannot be decoded at {rate_hz} Hz.")
        self._opus = load_opus()
        self._decoder = self._opus.Decoder(rate_hz, 1)
        self._rate_hz = rate_hz
        self._numbers = PacketNumbers()

    def decode(self, number: int, packet: bytes) -> Audio | None:
        """See `ports.SoundDecoder`. Raises LinkError; the stream can go on after it."""
        samples = self._samples_of(packet)
        missing = self._numbers.missing_before(number)
        if missing is None:
            return None
        missing = min(missing, round(LONGEST_GAP_S * self._rate_hz) // samples)
        try:
            pieces = [self._decoder.decode(b"", samples) for _ in range(missing - 1)]
            if missing:
                pieces.append(self._decoder.decode(packet, samples, decode_fec=True))
            pieces.append(self._decoder.decode(packet, samples))
        except self._opus.OpusError as error:
            raise LinkError(f"A packet of sound cannot be decoded: {error}.") from error
        return Audio(b"".join(pieces), self._rate_hz)

    def _samples_of(self, packet: bytes) -> int:
        """How much sound a packet holds, before anything is allocated for it. Raises LinkError."""
        if not 0 < len(packet) <= LONGEST_PACKET_BYTES:
            raise LinkError(f"A packet of sound has {len(packet)} bytes.")
        try:
            samples = int(
                self._opus.api.decoder.get_nb_samples(self._decoder.decoder_state, packet, len(packet))
            )
        except self._opus.OpusError as error:
            raise LinkError(f"A packet of sound is none: {error}.") from error
        if not 0 < samples <= LONGEST_PACKET_MS * self._rate_hz // 1000:
            raise LinkError("A packet holds more sound than it can.")
        return samples


@cache
def load_opus(libraries: Sequence[str] = _LIBRARIES) -> Any:
    """opuslib-next with the libopus that the system's own loader finds. Raises EngineMissing.

    Left to itself it asks for compilers' tools, or looks where an x86 keeps its libraries.
    """
    found = next((name for name in libraries if _loads(name)), None)
    if found is None:
        raise EngineMissing(
            "Sound for System 2 needs libopus, which is not installed: sudo apt install libopus0."
        )
    find = ctypes.util.find_library
    ctypes.util.find_library = lambda name: found if name == "opus" else find(name)
    try:
        import opuslib_next
    except ImportError as error:
        raise EngineMissing(
            "Sound for System 2 needs opuslib-next, which is not installed: make run."
        ) from error
    finally:
        ctypes.util.find_library = find
    return opuslib_next


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
