"""What the room and the devices do to a sound: it is played, and what comes back is looked at.

An exponential sine sweep (Farina 2000) excites every frequency of speech; dividing the spectrum of what
was recorded by its own gives the impulse response of the whole way from the speaker's input to the
microphone's output. Its first peak is the delay, its energy is the echo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from device.audio.level import FLOOR_DBFS, measure
from device.contracts import RATE_HZ, Audio

LOWEST_HZ, HIGHEST_HZ = 150.0, 7_000.0
SWEEP_S = 1.0
SECOND_BYTES = 2 * RATE_HZ
FADE_S = 0.02
AMPLITUDE = 0.35
"""-9 dBFS: loud enough for a quiet room, far from clipping."""
ECHO_S = 0.3
"""How long after its first arrival an echo is counted: the reverberation of a living room."""
BEFORE_PEAK_S = 0.005
DISTINCT_DB = 20.0
"""Of noise alone, the highest point of the response lies 15 to 17 dB above its RMS: an echo is clearer."""
STEP_S = 0.02
"""Of the rhythm that speech is recognised by."""
DYNAMICS_DB = 40.0
"""What lies further below the loudest is a pause."""
REGULARISED = 1e-3
"""Of the sweep's strongest frequency: what the sweep does not excite is not divided by nothing."""


@dataclass(frozen=True, slots=True)
class Acoustics:
    """What one sweep showed. Without an echo that stands out, `delay_s` and `echo_db` are None."""

    delay_s: float | None
    """From the beginning of the sweep in the recording's own time to its first arrival."""
    echo_db: float | None
    """What comes back, against what was played, both in full scale: 0 is as loud."""
    noise_dbfs: float
    """RMS of the room before the sweep."""
    peak_dbfs: float
    clipped_share: float
    """Of the samples that were recorded, 0 to 1."""


def sweep(rate_hz: int = RATE_HZ) -> Audio:
    """A second from 150 Hz to 7 kHz, an octave every 0.18 s."""
    times = np.arange(int(SWEEP_S * rate_hz)) / rate_hz
    octaves = math.log(HIGHEST_HZ / LOWEST_HZ)
    phase = 2 * np.pi * LOWEST_HZ * SWEEP_S / octaves * np.expm1(times / SWEEP_S * octaves)
    fade = np.minimum(1, np.minimum(times, SWEEP_S - times) / FADE_S)
    samples = AMPLITUDE * 32_767 * fade * np.sin(phase)
    return Audio(samples.round().astype(np.int16).tobytes(), rate_hz)


def analyse(before: bytes, after: bytes) -> Acoustics:
    """`before`: the room before the sweep; `after`: from the moment at which it began, for as long as its
    echo may take. Both mono int16 at 16 kHz.
    """
    if not after:
        return Acoustics(None, None, FLOOR_DBFS, FLOOR_DBFS, 0.0)
    level = measure(after)
    noise_dbfs = measure(before).rms_dbfs
    response = _impulse_response(after)
    peak = int(np.argmax(np.abs(response)))
    rms = math.sqrt(float(np.mean(np.square(response)))) or 1e-12
    if level.rms_dbfs == FLOOR_DBFS or _db(abs(float(response[peak])) / rms) < DISTINCT_DB:
        return Acoustics(None, None, noise_dbfs, level.peak_dbfs, level.clipped_share)
    first = max(0, peak - int(BEFORE_PEAK_S * RATE_HZ))
    echo = response[first : peak + int(ECHO_S * RATE_HZ)]
    echo_db = _db(math.sqrt(float(np.sum(np.square(echo)))))
    return Acoustics(peak / RATE_HZ, echo_db, noise_dbfs, level.peak_dbfs, level.clipped_share)


def loudest_dbfs(pcm: bytes) -> float:
    """The RMS of the loudest second of mono int16 at 16 kHz; of a shorter piece, its own."""
    seconds = [pcm[first : first + SECOND_BYTES] for first in range(0, len(pcm), SECOND_BYTES // 4)]
    whole = [second for second in seconds if len(second) == SECOND_BYTES]
    return max(measure(second).rms_dbfs for second in whole or [pcm])


def likeness(played: bytes, heard: bytes) -> float:
    """How far what was heard has the rhythm of the speech that was played, 0 to 1; both at 16 kHz.

    It is the correlation of their levels in steps of 20 ms, at the delay where it is highest, so that
    neither the room's colour nor its reverberation matters. `heard` has to be the longer one.
    """
    wanted, found = _levels_db(played), _levels_db(heard)
    delays = range(max(0, len(found) - len(wanted)) + 1)
    return max((_correlation(wanted, found[delay:][: len(wanted)]) for delay in delays), default=0.0)


def _levels_db(pcm: bytes) -> np.ndarray:
    step = int(STEP_S * RATE_HZ)
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    steps = samples[: len(samples) // step * step].reshape(-1, step)
    levels = 10 * np.log10(np.mean(np.square(steps), axis=1) + 1)
    return np.asarray(np.maximum(levels, levels.max(initial=0.0) - DYNAMICS_DB))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) != len(other) or not one.std() or not other.std():
        return 0.0
    return max(0.0, float(np.corrcoef(one, other)[0, 1]))


def _impulse_response(recorded: bytes) -> np.ndarray:
    played = np.frombuffer(sweep().pcm, np.int16).astype(np.float64)
    heard = np.frombuffer(recorded, np.int16).astype(np.float64)
    length = 1 << (len(played) + len(heard) - 1).bit_length()
    out, back = np.fft.rfft(played, length), np.fft.rfft(heard, length)
    power = np.abs(out) ** 2
    transfer = back * np.conj(out) / (power + REGULARISED * power.max())
    return np.asarray(np.fft.irfft(transfer, length)[: len(heard)])


def _db(ratio: float) -> float:
    return 20 * math.log10(max(ratio, 1e-12))
