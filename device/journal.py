"""The records of the last turns, as consent allows them, and one line in the log for each."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from device.config import Consent
from device.notices import Board, TurnEnded
from device.record import Stage, TurnRecord

log = logging.getLogger(__name__)

TURNS_KEPT = 100


class Journal:
    """In RAM. Nothing in it that `consent` does not allow, so whoever reads it needs no rule of their own."""

    def __init__(self, consent: Consent, board: Board, lived: Callable[[], float] = time.time) -> None:
        """`lived` gives lived seconds; the wall clock will do where nobody erases by them."""
        self._consent = consent
        self._board = board
        self._lived = lived
        self._turns: deque[tuple[float, Mapping[str, Any]]] = deque(maxlen=TURNS_KEPT)

    @property
    def turns(self) -> tuple[Mapping[str, Any], ...]:
        """Oldest first."""
        return tuple(turn for _, turn in self._turns)

    def write(self, record: TurnRecord) -> None:
        """Keep a finished turn, show it, and log it: times, route and reason, never words."""
        kept = record.as_json(with_words=self._consent.transcripts)
        self._turns.append((self._lived(), kept))
        self._board.post(TurnEnded(kept))
        log.info(
            "turn %d: %s, %s; %s%s%s",
            record.turn_id,
            record.kind.value,
            _answered(record),
            _first_sound(record.stages_ms.get(Stage.FIRST_AUDIO.value)),
            "; cut off" if record.cut_off else "",
            f"; failed: {record.error_code}" if record.error_code else "",
        )

    async def forget(self, since_s: float | None) -> int:
        """Drop the turns that ended since then (lived seconds; None: all); how many."""
        return self._keep_those(lambda ended_s: since_s is not None and ended_s < since_s)

    async def forget_before(self, before_s: float) -> int:
        """Likewise those that ended before."""
        return self._keep_those(lambda ended_s: ended_s >= before_s)

    def _keep_those(self, stays: Callable[[float], bool]) -> int:
        kept = [turn for turn in self._turns if stays(turn[0])]
        gone = len(self._turns) - len(kept)
        self._turns = deque(kept, maxlen=TURNS_KEPT)
        return gone


def _answered(record: TurnRecord) -> str:
    """Who was asked and why, and whoever answered after that."""
    if record.asked is None:
        return "no answer"
    return "; then ".join((f"{record.asked.mind.value}: {record.asked.reason}", *record.falls))


def _first_sound(after_ms: float | None) -> str:
    return "no sound" if after_ms is None else f"first sound {after_ms} ms after the utterance"
