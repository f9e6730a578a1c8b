"""What a turn that has ended teaches: a question and System 2's whole answer to it, or why nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from device.brain.learning import Learning, Refusal
from device.contracts import Mind
from device.record import TurnRecord


@dataclass(frozen=True, slots=True)
class Lesson:
    """What may be said again when it is asked again."""

    question: str
    answer: str


def lesson(record: TurnRecord, learning: Learning, openings: Sequence[str]) -> Lesson | Refusal:
    """`openings`: what is said at once while System 2 thinks, which is no part of its answer."""
    if record.route is None or record.route.mind is not Mind.SYSTEM_2:
        return Refusal.OTHER_MIND
    if record.gate:
        return Refusal.GATE
    if record.error_code:
        return Refusal.FAILED
    if record.cut_off or not record.made or record.spoken != record.made:
        return Refusal.NOT_WHOLE
    if not record.certain or not record.heard:
        return Refusal.UNCERTAIN
    answer = _without_opening(record.made, openings) if record.asked and record.asked.opens else record.made
    return learning.refuses(record.heard, answer) or Lesson(record.heard, answer)


def _without_opening(made: str, openings: Sequence[str]) -> str:
    return next((made[len(one) :].lstrip() for one in openings if made.startswith(one)), made)
