"""Cutting the silence around a clause while its sound is still coming."""

from __future__ import annotations

import numpy as np

_QUIET = 100
"""Samples up to this (-50 dBFS) are silence: synthetic voices fade to exact zeros."""


class SilenceTrimmer:
    """Shortens leading and trailing silence to what is asked; pauses inside stay whole.

    Silence is held back until sound follows it, so no sound ever waits.
    """

    def __init__(self, rate_hz: int, lead_ms: int = 50, tail_ms: int = 50) -> None:
        self._lead_bytes = 2 * (rate_hz * lead_ms // 1000)
        self._tail_bytes = 2 * (rate_hz * tail_ms // 1000)
        self._silence = bytearray()
        self._sound_came = False

    def feed(self, pcm: bytes) -> bytes:
        """What of the sound so far can go out; `pcm` is mono int16."""
        loud = np.flatnonzero(np.abs(np.frombuffer(pcm, dtype=np.int16).astype(np.int32)) > _QUIET)
        if not loud.size:
            self._silence += pcm
            if not self._sound_came:
                self._keep_lead()
            return b""
        first, after_last = 2 * int(loud[0]), 2 * int(loud[-1]) + 2
        self._silence += pcm[:first]
        if not self._sound_came:
            self._keep_lead()
        self._sound_came = True
        sound = bytes(self._silence) + pcm[first:after_last]
        self._silence = bytearray(pcm[after_last:])
        return sound

    def finish(self) -> bytes:
        """The end of the clause: the trailing silence that stays; nothing if there was no sound."""
        tail = bytes(self._silence[: self._tail_bytes]) if self._sound_came else b""
        self._silence.clear()
        return tail

    def _keep_lead(self) -> None:
        del self._silence[: max(0, len(self._silence) - self._lead_bytes)]
