"""Where in an utterance that still goes on somebody speaks, pauses, and is quietest: by loudness alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from device.brain.speech_onset import BETWEEN, QUIET_DB
from device.contracts import FRAME_SAMPLES

_SHORTEST_STEPS = 3
"""Less than 60 ms of sound is a click of the button, not a word."""

_LOUDEST_STEPS = 5
"""The loudest is what 100 ms reach: a short word in a long silence does, a click does not."""

_CLEAR_DB = 10.0
"""Speech stands out from its background by more than that; steady noise varies by a few dB."""

_GAP_STEPS = 5
"""Gaps between words are looked for 100 ms wide: the closure of a stop consonant is shorter."""

Levels = npt.NDArray[np.float64]


class Loudness:
    """The level of every 20 ms of an utterance, relative to the loudest and the quietest of it so far."""

    def __init__(self) -> None:
        self._rest: npt.NDArray[np.int16] = np.empty(0, np.int16)
        self._levels_db: Levels = np.empty(0)
        self._loud: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._background_db = 0.0
        self._loudest_db = 0.0

    def add(self, samples: npt.NDArray[np.int16]) -> None:
        """The next samples at 16 kHz, however many; less than a step of 20 ms waits for more."""
        samples = np.concatenate([self._rest, samples])
        count = len(samples) // FRAME_SAMPLES
        self._rest = samples[count * FRAME_SAMPLES :]
        if count == 0:
            return
        steps = samples[: count * FRAME_SAMPLES].reshape(count, FRAME_SAMPLES)
        levels_db = 10 * np.log10(steps.astype(np.float64).var(axis=1) + 1)
        self._levels_db = np.concatenate([self._levels_db, levels_db])
        self._judge()

    def _judge(self) -> None:
        """What is loud, by all that is known now. Digital silence is no background: it is no sound."""
        sounding_db = np.sort(self._levels_db[self._levels_db > 0])
        if len(sounding_db) == 0:
            self._loud = np.zeros(len(self._levels_db), np.bool_)
            return
        self._background_db = float(np.percentile(sounding_db, 10))
        self._loudest_db = float(sounding_db[-min(_LOUDEST_STEPS, len(sounding_db))])
        speech_db = self._background_db + BETWEEN * (self._loudest_db - self._background_db)
        self._loud = without_clicks(self._levels_db >= max(speech_db, QUIET_DB))

    @property
    def clear(self) -> bool:
        """Something stands out from the background, as speech does and steady noise does not."""
        return self._loudest_db - self._background_db > _CLEAR_DB

    def speech(self, start: int) -> tuple[int, int] | None:
        """From the first to past the last loud sample from `start` on; None where all is quiet."""
        first = start // FRAME_SAMPLES
        loud = np.flatnonzero(self._loud[first:])
        if len(loud) == 0:
            return None
        return (first + int(loud[0])) * FRAME_SAMPLES, (first + int(loud[-1]) + 1) * FRAME_SAMPLES

    def quietest(self, start: int, end: int) -> int:
        """The middle of the quietest 100 ms between two samples."""
        levels_db = self._levels_db[start // FRAME_SAMPLES : end // FRAME_SAMPLES]
        around_db = np.convolve(levels_db, np.ones(_GAP_STEPS) / _GAP_STEPS, "valid")
        middle = int(np.argmin(around_db)) + _GAP_STEPS / 2
        return start // FRAME_SAMPLES * FRAME_SAMPLES + int(middle * FRAME_SAMPLES)


def without_clicks(loud: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The same, but stretches of sound shorter than a word's shortest are quiet."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], loud, [False]]).astype(np.int8)))
    kept = loud.copy()
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin < _SHORTEST_STEPS:
            kept[begin:end] = False
    return kept
