"""When did the person begin, and when have they finished? Pure: counts frames, knows no clock.

While a button is held, silence never ends the utterance; only the limit does. In toggle mode it ends
after the person's patience of silence, or when nobody began to speak.
"""

from __future__ import annotations

import enum

from device.config import Talk
from device.contracts import FRAME_MS

SPEECH_MS = 60
"""This much more voice than silence is speech; a click is shorter."""

BEGIN_WITHIN_MS = 6_000
"""In toggle mode, how long a person may take to begin."""


class Ending(enum.Enum):
    """Why an utterance is over."""

    SILENCE = "silence"
    NOTHING = "nothing"
    """Nobody began to speak."""
    LIMIT = "limit"


class Endpointer:
    """One utterance. `step` gives an Ending once, at the frame that ends it, and None otherwise.

    A leaky count decides what is speech: up with every voiced frame, down with every other, between 0
    and `SPEECH_MS`; at the top, somebody speaks. So a click neither begins an utterance nor prolongs
    it, and a detector that flickers does not end it. Silence is counted from the last frame at the
    top. While the count is above 0 an utterance does not end: that may be the next word's beginning.
    """

    def __init__(
        self, patience_ms: int | None, longest_ms: int, begin_within_ms: int = BEGIN_WITHIN_MS
    ) -> None:
        """`patience_ms` None: the button decides, silence does not matter."""
        self._patience_ms = patience_ms
        self._longest_ms = longest_ms
        self._begin_within_ms = begin_within_ms
        self._elapsed_ms = 0
        self._silence_ms = 0
        self._voiced_ms = 0
        self._over = False
        self.heard_speech = False

    @classmethod
    def for_talk(cls, talk: Talk) -> Endpointer:
        """As the settings say how a person talks."""
        patience_ms = round(talk.patience_s * 1000) if talk.mode == "toggle" else None
        return cls(patience_ms, round(talk.longest_s * 1000))

    def step(self, is_speech: bool) -> Ending | None:
        """One frame further."""
        self._elapsed_ms += FRAME_MS
        self._voiced_ms = min(SPEECH_MS, max(0, self._voiced_ms + (FRAME_MS if is_speech else -FRAME_MS)))
        speaks = self._voiced_ms == SPEECH_MS
        self._silence_ms = 0 if speaks else self._silence_ms + FRAME_MS
        self.heard_speech = self.heard_speech or speaks
        if self._over:
            return None
        ending = self._ending()
        self._over = ending is not None
        return ending

    def _ending(self) -> Ending | None:
        if self._elapsed_ms >= self._longest_ms:
            return Ending.LIMIT
        if self._patience_ms is None or self._voiced_ms > 0:
            return None
        if self.heard_speech:
            return Ending.SILENCE if self._silence_ms >= self._patience_ms else None
        return Ending.NOTHING if self._elapsed_ms >= self._begin_within_ms else None
