"""What one conversation remembers between utterances."""

from __future__ import annotations

from dataclasses import dataclass

from device.contracts import Intent

CONFIRM_WITHIN_S = 30.0
"""A question that nobody answered by then is forgotten."""
AGAIN_WITHIN_S = 300.0
"""So long does "another one" mean what came last."""
EXCUSED_FOR_S = 600.0
"""So long is a reason not told again."""
_REPEATABLE = frozenset({"joke", "fact", "story", "coin", "dice"})


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered now: a command that waits for a yes, one that waits for its time, and what
    "another one" means."""

    pending: Intent | None = None
    unfinished: Intent | None = None
    repeatable: Intent | None = None
    excused: frozenset[str] = frozenset()
    """The phrases that lately told why System 2 does not answer."""


class Dialogue:
    """The memory of one conversation. Times are monotonic seconds, given by the caller."""

    def __init__(self) -> None:
        self._pending: tuple[Intent, float] | None = None
        self._unfinished: tuple[Intent, float] | None = None
        self._repeatable: tuple[Intent, float] | None = None
        self._excused: dict[str, float] = {}

    def memory(self, now_s: float) -> Memory:
        """What still counts at `now_s`; changes nothing."""
        return Memory(
            pending=_fresh(self._pending, now_s, CONFIRM_WITHIN_S),
            unfinished=_fresh(self._unfinished, now_s, CONFIRM_WITHIN_S),
            repeatable=_fresh(self._repeatable, now_s, AGAIN_WITHIN_S),
            excused=frozenset(
                phrase for phrase, told_s in self._excused.items() if now_s - told_s <= EXCUSED_FOR_S
            ),
        )

    def ask_first(self, command: Intent, now_s: float) -> None:
        """A command was asked back; the next utterance decides."""
        self._pending = (command, now_s)

    def ask_when(self, request: Intent, now_s: float) -> None:
        """A request lacks its time; the next utterance may be it."""
        self._unfinished = (request, now_s)

    def excuse(self, phrase: str, now_s: float) -> None:
        """A person was told why System 2 does not answer."""
        self._excused[phrase] = now_s

    def answered(self, intent: Intent | None, now_s: float) -> None:
        """An utterance was answered: whatever waited for a yes, or for a time, no longer does."""
        self._pending = self._unfinished = None
        if intent is not None and intent.name in _REPEATABLE:
            self._repeatable = (intent, now_s)


def _fresh(kept: tuple[Intent, float] | None, now_s: float, within_s: float) -> Intent | None:
    return kept[0] if kept is not None and now_s - kept[1] <= within_s else None
