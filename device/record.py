"""What is kept of a turn: when each stage was reached, who answered and why.

The words themselves are kept only by consent (`consent.transcripts`); without it a record holds
times, route and reason, and nothing that a person said or was told.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from device.contracts import AnsweredBy, Route


class Stage(enum.Enum):
    """Moments of a turn, in the order in which they usually come."""

    PRESSED = "pressed"
    SPEECH = "speech"
    """The first speech in what the microphone gave."""
    RELEASED = "released"
    """The utterance ended: button up, silence, or limit. Stage times count from here."""
    CAPTURED = "captured"
    """The post-roll is in."""
    TRANSCRIPT = "transcript"
    JUDGED = "judged"
    ROUTED = "routed"
    FIRST_WORDS = "first_words"
    FIRST_CLAUSE = "first_clause"
    FIRST_SOUND = "first_sound"
    """TTS gave its first piece."""
    FIRST_AUDIO = "first_audio"
    """The first sample sounded."""
    GENERATED = "generated"
    """The mind has said its last word."""
    SPOKEN = "spoken"
    """The last sample sounded, or the turn was cut off."""


class Kind(enum.Enum):
    SPOKEN = "spoken"
    TYPED = "typed"
    AGAIN = "again"
    """What was said last, said again."""
    ANNOUNCEMENT = "announcement"


@dataclass(slots=True)
class TurnRecord:
    """One turn, filled in while it goes on. The only mutable value of a turn."""

    turn_id: int
    kind: Kind
    clock: Callable[[], float]
    """Monotonic seconds."""
    started_utc: str
    marks_s: dict[Stage, float] = field(default_factory=dict)
    route: Route | None = None
    first: Route | None = None
    """What was decided first, where somebody else answered in the end."""
    falls: list[str] = field(default_factory=list)
    """Which minds answered after the one that was first asked, and why."""
    engines: dict[str, str] = field(default_factory=dict)
    heard: str = ""
    confidence: float | None = None
    certain: bool = True
    """See `Transcript`."""
    made: str = ""
    """Everything that was to be spoken, whether it sounded or not."""
    spoken: str = ""
    spoken_s: float = 0.0
    gate: str = ""
    """The safety category that this turn met, if any."""
    in_need: str = ""
    """The category by which what was said shows that somebody may be in need, if it does."""
    error: str = ""
    """What failed, as a sentence."""
    error_code: str = ""
    tapped: bool = False
    """The press was too short for more than a word."""
    cut_off: bool = False
    """The person (or an alarm) interrupted it."""
    frames_dropped: int = 0

    def forget_words(self) -> None:
        """Times, route and reason stay."""
        self.heard = self.made = self.spoken = self.error = ""

    def mark(self, stage: Stage, at_s: float | None = None) -> None:
        """Only the first time counts."""
        self.marks_s.setdefault(stage, self.clock() if at_s is None else at_s)

    def answered_by(self, by: AnsweredBy) -> Route:
        """Another mind answers than was first asked, or a race is over: the route from here on."""
        self.first = self.first or self.route
        self.falls.append(f"{by.mind.value}: {by.reason}")
        self.route = Route(by.mind, by.reason)
        return self.route

    @property
    def asked(self) -> Route | None:
        """Who was asked first, why, and who at the same time; None where nobody was."""
        return self.first or self.route

    @property
    def stages_ms(self) -> dict[str, float]:
        """Each stage in milliseconds after the end of the utterance; what came before it is negative."""
        if not self.marks_s:
            return {}
        origin = self.marks_s.get(Stage.RELEASED, min(self.marks_s.values()))
        return {s.value: round((at - origin) * 1000, 1) for s, at in sorted_marks(self.marks_s)}

    def as_json(self, *, with_words: bool) -> dict[str, Any]:
        """For the journal, the page and the log; `with_words` only where a person has agreed."""
        asked = self.asked
        kept: dict[str, Any] = {
            "turn_id": self.turn_id,
            "kind": self.kind.value,
            "started_utc": self.started_utc,
            "asked": asked.mind.value if asked else None,
            "reason": asked.reason if asked else None,
            "rival": asked.rival.value if asked and asked.rival else None,
            "opens": asked.opens if asked else False,
            "route": self.route.mind.value if self.route else None,
            "falls": list(self.falls),
            "stages_ms": self.stages_ms,
            "spoken_s": round(self.spoken_s, 3),
            "engines": dict(self.engines),
            "gate": self.gate or None,
            "error": self.error_code or None,
            "cut_off": self.cut_off,
            "frames_dropped": self.frames_dropped,
        }
        if with_words:
            kept |= {
                "transcript": self.heard,
                "confidence": self.confidence,
                "reply": self.spoken,
                "error_text": self.error or None,
            }
        return kept


def sorted_marks(marks_s: dict[Stage, float]) -> list[tuple[Stage, float]]:
    """In the order of `Stage`."""
    return [(stage, marks_s[stage]) for stage in Stage if stage in marks_s]
