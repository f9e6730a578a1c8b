"""Mu-law against libsndfile's, and its packets."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from device.audio.mulaw import SILENCE, MulawDecoder, MulawEncoder, compress, expand
from device.audio.resample import at_rate
from device.contracts import Audio
from device.errors import LinkError

from .sounds import samples, tone

EVERY_BYTE = bytes(range(256))
EVERY_SAMPLE = np.arange(-32_768, 32_768).astype("<i2")


def test_every_byte_means_the_sample_that_libsndfile_reads() -> None:
    theirs, _ = soundfile.read(
        io.BytesIO(EVERY_BYTE), samplerate=8000, channels=1, format="RAW", subtype="ULAW", dtype="int16"
    )
    assert expand(EVERY_BYTE) == theirs.astype("<i2").tobytes()


def test_every_sample_comes_back_as_near_as_eight_bits_can() -> None:
    """Steps double with each of the eight exponents, from 8 at the quietest to 1024."""
    back = np.frombuffer(expand(compress(EVERY_SAMPLE.tobytes())), "<i2").astype(int)
    heard = np.clip(EVERY_SAMPLE.astype(int), -32_635, 32_635)
    half_step = 4 << np.floor(np.log2(np.abs(heard) + 132)).astype(int) - 7
    assert (np.abs(back - heard) <= half_step).all()


def test_silence_is_the_byte_that_servers_take_for_silence() -> None:
    assert compress(bytes(8)) == SILENCE * 4


@given(st.binary(max_size=400).filter(lambda data: 0x7F not in data))
def test_what_was_packed_once_is_not_changed_again(data: bytes) -> None:
    """But the second zero, which is packed as the first."""
    assert compress(expand(data)) == data


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 24_000, 48_000])
def test_a_tone_is_the_same_tone_at_every_rate_of_the_wire(rate_hz: int) -> None:
    encoder, decoder = MulawEncoder(rate_hz, frame_ms=20), MulawDecoder(rate_hz)
    sent = tone(440, 1.0)
    packets = [
        packet for at in range(0, len(sent.pcm), 640) for packet in encoder.encode(sent.pcm[at : at + 640])
    ]
    packets += encoder.finish()
    assert [number for number, _ in packets] == list(range(50))
    assert {len(packet) for _, packet in packets} == {rate_hz // 50}
    heard = [decoder.decode(number, packet) for number, packet in packets]
    back = at_rate(Audio(b"".join(audio.pcm for audio in heard if audio), rate_hz), 16_000)
    assert np.corrcoef(samples(sent), samples(back))[0, 1] > 0.999


def test_a_recording_comes_back_as_it_was(shared_data: Path) -> None:
    pcm, _ = soundfile.read(shared_data / "speech" / "ps_goforward.wav", dtype="int16")
    encoder, decoder = MulawEncoder(48_000), MulawDecoder(48_000)
    packets = encoder.encode(pcm.tobytes()) + encoder.finish()
    heard = Audio(b"".join(a.pcm for n, p in packets if (a := decoder.decode(n, p))), 48_000)
    back = samples(at_rate(heard, 16_000))[: len(pcm)]
    assert np.corrcoef(pcm, back)[0, 1] > 0.99


def test_missing_packets_are_silence_and_old_ones_nothing() -> None:
    decoder = MulawDecoder(8_000)
    assert decoder.decode(0, b"\x00" * 160) is not None
    filled = decoder.decode(3, b"\x00" * 160)
    assert filled is not None
    assert len(filled.pcm) == 2 * 160 * 3
    assert not any(filled.pcm[: 2 * 160 * 2])
    assert decoder.decode(2, b"\x00" * 160) is None
    assert decoder.decode(3, b"\x00" * 160) is None


@pytest.mark.parametrize("packet", [b"", b"\x00" * (64 * 1024 + 1)])
def test_what_is_no_packet_is_refused(packet: bytes) -> None:
    with pytest.raises(LinkError):
        MulawDecoder(8_000).decode(0, packet)


def test_a_stream_without_sound_ends_without_a_packet() -> None:
    assert MulawEncoder(8_000).finish() == []
