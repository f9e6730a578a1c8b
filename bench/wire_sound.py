"""`python -m bench.wire_sound`: what Opus costs on real speech, and what the jitter buffer is worth.

The recordings are those of `../shared/data`; the arrivals are simulated, from a fixed seed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from itertools import product
from pathlib import Path

import numpy as np

from device.audio.jitter_buffer import JitterBuffer
from device.audio.opus import OpusDecoder, OpusEncoder
from device.audio.recording import read
from device.audio.resample import at_rate
from device.contracts import RATE_HZ, Audio

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
CODEC_DELAY = 104
"""Samples at 16 kHz: 6.5 ms."""
SEED = 7

# --- Opus ----------------------------------------------------------------------------------------


def recordings() -> list[Audio]:
    """Adults and children, a minute or two."""
    files = [
        *sorted((DATA / "speech").glob("ps_*.wav")),
        *sorted((DATA / "speech").glob("sb_*.wav")),
        *sorted((DATA / "speech_child").glob("*.wav")),
    ]
    return [at_rate(read(file), RATE_HZ) for file in files]


def opus_line(sounds: Sequence[Audio], bitrate: int, frame_ms: int) -> str:
    """Kbit/s, share of packets sent, processor time, likeness: one row of the table."""
    sent_bytes = packets = whole = encoding_s = decoding_s = 0.0
    likenesses = []
    for sound in sounds:
        encoder, decoder = OpusEncoder(bitrate=bitrate, frame_ms=frame_ms), OpusDecoder(RATE_HZ)
        began_s = time.process_time()
        made = encoder.encode(sound.pcm) + encoder.finish()
        encoded_s = time.process_time()
        heard = [decoder.decode(number, packet) for number, packet in made]
        decoding_s += time.process_time() - encoded_s
        encoding_s += encoded_s - began_s
        sent_bytes += sum(len(packet) for _, packet in made)
        packets += len(made)
        whole += made[-1][0] + 1
        likenesses.append(likeness(sound, b"".join(audio.pcm for audio in heard if audio)))
    lasted_s = sum(sound.duration_s for sound in sounds)
    return (
        f"| {bitrate / 1000:g} | {frame_ms} | {sent_bytes * 8 / lasted_s / 1000:.1f} | {packets / whole:.0%} "
        f"| {1000 * encoding_s / lasted_s:.1f} | {1000 * decoding_s / lasted_s:.1f} "
        f"| {np.median(likenesses):.3f} |"
    )


def likeness(sent: Audio, back: bytes) -> float:
    """Correlation between 100 Hz and 4 kHz: what is lower, Opus filters out on purpose."""
    one = np.frombuffer(sent.pcm, "<i2").astype(float)
    other = np.frombuffer(back, "<i2").astype(float)[CODEC_DELAY:]
    length = min(len(one), len(other))
    frequencies = np.fft.rfftfreq(length, 1 / RATE_HZ)
    kept = (frequencies > 100) & (frequencies < 4000)
    one_f, other_f = (np.fft.rfft(signal[:length])[kept] for signal in (one, other))
    product_ = np.sum(one_f * other_f.conj()).real
    return float(product_ / np.sqrt(np.sum(np.abs(one_f) ** 2) * np.sum(np.abs(other_f) ** 2)))


def spectral_distance_db(one: np.ndarray, other: np.ndarray) -> float:
    """Root mean square over the logarithmic spectra of 20 ms windows."""

    def spectra(signal: np.ndarray) -> np.ndarray:
        windows = np.lib.stride_tricks.sliding_window_view(signal, 320)[::160] * np.hanning(320)
        return 10 * np.log10(np.abs(np.fft.rfft(windows)) ** 2 + 1e3)

    return float(np.sqrt(np.mean((spectra(one) - spectra(other)) ** 2)))


def loss_line(sounds: Sequence[Audio], bitrate: int, frame_ms: int, expected_loss: int) -> str:
    """Every fifth packet of speech lost: how far what is heard is from what would have been."""
    distances = []
    samples = RATE_HZ * frame_ms // 1000
    for sound in sounds:
        encoder = OpusEncoder(bitrate=bitrate, frame_ms=frame_ms, expected_loss=expected_loss, dtx=False)
        packets = encoder.encode(sound.pcm) + encoder.finish()
        whole = _decoded(packets)
        loud = [n for n in range(4, len(packets) - 2, 5) if _level(whole, n, samples) > 300]
        lossy = _decoded(packets, loud)
        parts = [slice(number * samples, (number + 2) * samples) for number in loud]
        distances += [spectral_distance_db(whole[part], lossy[part]) for part in parts]
    return f"| {bitrate / 1000:g} | {frame_ms} | {expected_loss} % | {np.mean(distances):.1f} dB |"


def _decoded(packets: Sequence[tuple[int, bytes]], lost: Collection[int] = ()) -> np.ndarray:
    decoder = OpusDecoder(RATE_HZ)
    heard = [decoder.decode(number, packet) for number, packet in packets if number not in lost]
    return np.frombuffer(b"".join(audio.pcm for audio in heard if audio), "<i2").astype(float)


def _level(signal: np.ndarray, number: int, samples: int) -> float:
    return float(np.abs(signal[number * samples : (number + 1) * samples]).mean())


# --- the jitter buffer ---------------------------------------------------------------------------

PACKET_S = 0.06
PACKET = Audio(bytes(2 * 1440), 24_000)
CLAUSES = 600
HOLDS_S = (0.0, 0.06, 0.12, 0.2, 0.3, 0.5)

Lateness = Callable[[np.random.Generator, int], np.ndarray]


def _spikes(rng: np.random.Generator, count: int, share: float, from_s: float, to_s: float) -> np.ndarray:
    return (rng.random(count) < share) * rng.uniform(from_s, to_s, count)


LINKS: dict[str, tuple[float, Lateness]] = {
    "wire": (1, lambda rng, n: rng.exponential(0.005, n)),
    "busy Wi-Fi": (1, lambda rng, n: rng.exponential(0.02, n) + _spikes(rng, n, 0.01, 0.1, 0.3)),
    "2 % of packets sent again": (
        1,
        lambda rng, n: rng.exponential(0.01, n) + _spikes(rng, n, 0.02, 0.2, 0.3),
    ),
    "bad mobile": (1, lambda rng, n: rng.gamma(1.5, 0.05, n) + _spikes(rng, n, 0.01, 0.2, 0.6)),
    "Wi-Fi, made five times faster than it sounds": (5, lambda rng, n: rng.exponential(0.02, n)),
}
"""How much faster than it sounds a reply is sent, and how late its packets come; TCP keeps their order."""


def clauses(speed: float, lateness: Lateness) -> list[np.ndarray]:
    """When the packets of each clause come: 1.5 to 6 s of sound, and seconds between them."""
    rng = np.random.default_rng(SEED)
    began_s, made = 0.0, []
    for _ in range(CLAUSES):
        count = int(rng.uniform(1.5, 6) / PACKET_S)
        sent_s = began_s + np.arange(count) * PACKET_S / speed
        made.append(np.maximum.accumulate(sent_s + lateness(rng, count)))
        began_s = max(made[-1][-1], began_s + count * PACKET_S) + rng.uniform(2, 6)
    return made


def played(arrivals: Sequence[np.ndarray], fixed_s: float | None = None) -> tuple[float, float]:
    """Gaps in a minute of sound, and the mean delay in ms; with what was learned, or a fixed hold."""
    buffer = JitterBuffer()
    delays_s = [_begun(buffer, clause, fixed_s) - clause[0] for clause in arrivals]
    minutes = sum(len(clause) for clause in arrivals) * PACKET_S / 60
    return buffer.gaps / minutes, 1000 * float(np.mean(delays_s))


def _begun(buffer: JitterBuffer, clause: np.ndarray, fixed_s: float | None) -> float:
    """Play a clause; when it began to sound."""
    begun_s: float | None = None
    again_s: float | None = None
    for index, arrived_s in enumerate(clause.tolist()):
        if fixed_s is not None:
            buffer.hold_s = fixed_s
        if again_s is not None and again_s <= arrived_s and buffer.due(again_s).audio:
            begun_s = begun_s or again_s
        buffer.push(PACKET, arrived_s)
        if index == len(clause) - 1:
            buffer.end()
        due = buffer.due(arrived_s)
        again_s = due.again_s
        if due.audio:
            begun_s = begun_s or arrived_s
    assert begun_s is not None
    return begun_s


def main() -> None:
    sounds = recordings()
    print(f"{len(sounds)} recordings, {sum(sound.duration_s for sound in sounds):.0f} s\n")
    print("| kbit/s asked | frame ms | kbit/s | packets sent | encode ms/s | decode ms/s | likeness |")
    for bitrate, frame_ms in product((24_000, 18_500, 16_000, 12_000), (20, 40, 60)):
        print(opus_line(sounds, bitrate, frame_ms))
    print("\n| kbit/s | frame ms | expected loss | distance of what was lost |")
    for bitrate, frame_ms, expected_loss in product((24_000, 18_500, 16_000), (20, 60), (0, 5, 10, 20)):
        print(loss_line(sounds, bitrate, frame_ms, expected_loss))
    print("\n| link |" + "".join(f" {1000 * hold_s:.0f} ms |" for hold_s in HOLDS_S) + " learned |")
    for name, (speed, lateness) in LINKS.items():
        arrivals = clauses(speed, lateness)
        cells = [played(arrivals, hold_s) for hold_s in (*HOLDS_S, None)]
        print(f"| {name} |" + "".join(f" {gaps:.1f}, {delay_ms:.0f} ms |" for gaps, delay_ms in cells))


if __name__ == "__main__":
    main()
