"""Opus on real speech: what it costs, what comes back, and what is made of what was lost."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from device.audio.opus import NOT_SENT_BYTES, OpusDecoder, OpusEncoder, load_opus
from device.audio.resample import at_rate
from device.contracts import RATE_HZ, Audio
from device.errors import EngineMissing, LinkError
from device.ports import SoundDecoder, SoundEncoder

from .sounds import samples, tone

Packets = list[tuple[int, bytes]]
DELAY = 104
"""Samples at 16 kHz by which the codec itself is late: 6.5 ms."""


@pytest.fixture(scope="module")
def speech(shared_data: Path) -> Audio:
    """An adult's short command, then a child's sentence."""
    files = ("speech/ps_goforward.wav", "speech_child/so762_000030069_age6m.wav")
    read = (soundfile.read(shared_data / file, dtype="int16") for file in files)
    return Audio(b"".join(at_rate(Audio(x.tobytes(), rate_hz), RATE_HZ).pcm for x, rate_hz in read), RATE_HZ)


def packed(audio: Audio, encoder: SoundEncoder) -> Packets:
    return encoder.encode(audio.pcm) + encoder.finish()


def heard(packets: Packets, decoder: SoundDecoder, lost: Collection[int] = ()) -> np.ndarray:
    pieces = [decoder.decode(number, packet) for number, packet in packets if number not in lost]
    return np.frombuffer(b"".join(audio.pcm for audio in pieces if audio), "<i2").astype(float)


def likeness(sent: Audio, back: np.ndarray) -> float:
    whole = samples(sent)[: len(back) - DELAY]
    return float(np.corrcoef(whole, back[DELAY : DELAY + len(whole)])[0, 1])


def spectral_distance_db(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square over the logarithmic spectra of 20 ms windows."""

    def spectra(signal: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(signal, 320)[::160] * np.hanning(320)
        return 10 * np.log10(np.abs(np.fft.rfft(windows)) ** 2 + 1e3)

    return float(np.sqrt(np.mean((spectra(one) - spectra(other)) ** 2)))


@pytest.mark.parametrize("frame_ms", [20, 40, 60])
def test_speech_comes_back_like_itself_within_its_rate(speech: Audio, frame_ms: int) -> None:
    packets = packed(speech, OpusEncoder(frame_ms=frame_ms, bitrate=24_000))
    back = heard(packets, OpusDecoder(RATE_HZ))
    assert likeness(speech, back) > 0.95
    kbit_s = sum(len(packet) for _, packet in packets) * 8 / speech.duration_s / 1000
    assert 12 < kbit_s < 24
    lasted_s = len(back) / RATE_HZ
    assert 0 <= lasted_s - speech.duration_s < 2 * frame_ms / 1000


def test_the_way_down_has_a_rate_of_its_own(speech: Audio) -> None:
    reply = at_rate(speech, 24_000)
    packets = packed(reply, OpusEncoder(24_000, bitrate=32_000))
    back = at_rate(Audio(heard(packets, OpusDecoder(24_000)).astype("<i2").tobytes(), 24_000), RATE_HZ)
    assert likeness(speech, samples(back)) > 0.9, "less: the codec's own delay is no whole sample here"


def test_fewer_bits_are_fewer_bits(speech: Audio) -> None:
    sizes = [sum(len(p) for _, p in packed(speech, OpusEncoder(bitrate=b))) for b in (12_000, 16_000, 24_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < 0.6 * sizes[2]


def test_pieces_of_any_length_make_the_same_packets(speech: Audio) -> None:
    whole, piecewise = OpusEncoder(), OpusEncoder()
    packets = [
        packet
        for at in range(0, len(speech.pcm), 640)
        for packet in piecewise.encode(speech.pcm[at : at + 640])
    ]
    assert packets + piecewise.finish() == packed(speech, whole)


def test_silence_is_left_out_but_counted() -> None:
    packets = packed(Audio(bytes(2 * RATE_HZ * 5), RATE_HZ), OpusEncoder(frame_ms=60))
    numbers = [number for number, _ in packets]
    assert numbers[-1] == 83
    assert len(numbers) < 20
    assert max(np.diff(numbers)) * 0.06 <= 0.42, "the decoder hears every 0.4 s that there is still silence"


def test_without_dtx_every_packet_is_sent() -> None:
    packets = packed(Audio(bytes(2 * RATE_HZ), RATE_HZ), OpusEncoder(frame_ms=20, dtx=False))
    assert [number for number, _ in packets] == list(range(51))


@pytest.mark.parametrize("frame_ms", [20, 40, 60])
def test_a_pause_is_as_long_as_it_was_and_quiet(speech: Audio, frame_ms: int) -> None:
    pause = bytes(2 * RATE_HZ * 2)
    packets = packed(Audio(speech.pcm + pause + speech.pcm, RATE_HZ), OpusEncoder(frame_ms=frame_ms))
    back = heard(packets, OpusDecoder(RATE_HZ))
    again = len(speech.pcm) // 2 + 2 * RATE_HZ
    assert likeness(speech, back[again : again + len(speech.pcm) // 2]) > 0.9
    assert np.abs(back[again - RATE_HZ : again - 800]).mean() < 20


def test_the_last_packet_may_be_of_silence_and_can_be_decoded() -> None:
    last = packed(Audio(bytes(2 * RATE_HZ), RATE_HZ), OpusEncoder(frame_ms=20))[-1]
    assert len(last[1]) <= NOT_SENT_BYTES
    audio = OpusDecoder(24_000).decode(*last)
    assert audio is not None
    assert audio.duration_s == pytest.approx(0.02)


@pytest.mark.parametrize("frame_ms", [20, 60])
def test_a_lost_packet_comes_out_of_the_next_one_better_than_it_can_be_guessed(
    speech: Audio, frame_ms: int
) -> None:
    samples_each = RATE_HZ * frame_ms // 1000
    loud = np.abs(samples(speech)[: -(len(speech.pcm) // 2 % samples_each)].reshape(-1, samples_each)).mean(1)
    lost = [number for number in range(4, len(loud) - 2, 5) if loud[number] > 300]
    assert len(lost) >= 8
    distances = {}
    for expected_loss in (0, 10):
        packets = packed(speech, OpusEncoder(frame_ms=frame_ms, dtx=False, expected_loss=expected_loss))
        whole = heard(packets, OpusDecoder(RATE_HZ))
        back = heard(packets, OpusDecoder(RATE_HZ), lost)
        assert len(back) == len(whole)
        parts = [slice(number * samples_each, (number + 2) * samples_each) for number in lost]
        distances[expected_loss] = np.mean([spectral_distance_db(whole[part], back[part]) for part in parts])
    assert distances[10] < distances[0] - 2.0


def test_a_tone_goes_on_through_what_is_lost_and_a_long_gap_is_cut_short() -> None:
    packets = packed(tone(300, 3.0), OpusEncoder(frame_ms=20, dtx=False))
    decoder = OpusDecoder(24_000)
    for number, packet in packets[:20]:
        decoder.decode(number, packet)
    concealed = decoder.decode(*packets[23])
    assert concealed is not None
    assert concealed.duration_s == pytest.approx(0.08)
    assert np.abs(samples(concealed)).mean() > 1000
    bounded = decoder.decode(*packets[140])
    assert bounded is not None
    assert bounded.duration_s == pytest.approx(0.52)


def test_numbers_wrap_and_old_packets_are_nothing() -> None:
    packets = [packet for _, packet in packed(tone(300, 0.5), OpusEncoder(frame_ms=20, dtx=False))]
    decoder = OpusDecoder(24_000)
    lengths = []
    for number, packet in zip((65_534, 65_535, 0, 0, 65_535, 1), packets, strict=False):
        audio = decoder.decode(number, packet)
        lengths.append(audio and audio.duration_s)
    assert lengths == [0.02, 0.02, 0.02, None, None, 0.02]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 70_000), st.binary(max_size=300)), max_size=8))
def test_garbage_is_an_error_or_a_little_sound_and_never_more(frames: Packets) -> None:
    decoder = OpusDecoder(24_000)
    for number, packet in frames:
        try:
            audio = decoder.decode(number, packet)
        except LinkError:
            continue
        assert audio is None or audio.duration_s <= 0.5 + 0.12


@pytest.mark.parametrize("packet", [b"", b"\x00" * 8000, b"\xff\x7f", b"\xff\x00"])
def test_what_is_no_packet_is_refused_and_the_stream_goes_on(packet: bytes) -> None:
    decoder = OpusDecoder(24_000)
    with pytest.raises(LinkError):
        decoder.decode(0, packet)
    assert decoder.decode(*packed(tone(300, 0.1), OpusEncoder())[0]) is not None


@pytest.mark.parametrize(
    "make", [lambda: OpusEncoder(44_100), lambda: OpusEncoder(frame_ms=30), lambda: OpusDecoder(11_025)]
)
def test_what_opus_has_not_is_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match="Opus"):
        make()


def test_a_stream_without_sound_ends_without_a_packet() -> None:
    assert OpusEncoder().finish() == []


def test_a_machine_without_libopus_is_told_what_to_install() -> None:
    with pytest.raises(EngineMissing, match="sudo apt install libopus0"):
        load_opus(("libnobodyhas.so.1",))


def test_libopus_is_found_where_only_the_loader_knows_it() -> None:
    """As on a device without compilers, whose library finding finds nothing."""
    code = "import ctypes.util; ctypes.util.find_library = lambda name: None\n" + (
        "from device.audio.opus import OpusEncoder; print(len(OpusEncoder().encode(bytes(1920))))\n"
        "assert ctypes.util.find_library('opus') is None\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "1\n"


def test_it_needs_neither_sound_card_nor_pins() -> None:
    code = (
        "import sys; sys.modules.update(sounddevice=None, gpiozero=None)\n"
        "import device.audio.opus, device.audio.mulaw, device.audio.packet_numbers"
    )
    subprocess.run([sys.executable, "-c", code], timeout=30, check=True)
