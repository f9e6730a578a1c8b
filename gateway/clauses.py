"""Cuts a stream of words into clauses that can be judged and spoken, and takes the moods out. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from device.contracts import Emotion

FIRST_FROM_CHARACTERS = 24
"""The first clause may end at a comma from here on, to be heard early; later ones end with a sentence."""
LONGEST_CHARACTERS = 400
"""A clause without any end is cut here: nothing is collected without bound."""

_SHORTENED = ("Dr", "Mr", "Mrs", "Ms", "Prof", "St", "No", "vs", "approx", "e.g", "i.e", "etc", "Jr", "Sr")
_SENTENCE = re.compile(
    "".join(rf"(?<!\b{word})" for word in _SHORTENED)  # words that a full stop shortens
    + r"(?<!\b[A-Z])[.!?…]+[\"'”’)\]]*(?=\s)|\n+"  # nor initials
)
_COMMA = re.compile(r"[,;:—–](?=\s)")
_MOOD = re.compile(r"\[(" + "|".join(emotion.value for emotion in Emotion) + r")\]\s*")


@dataclass(frozen=True, slots=True)
class Clause:
    """What is said in one breath, with the space that follows it; `mood` when it changes before it."""

    text: str
    mood: str = ""


class Clauses:
    """One answer on its way into clauses."""

    def __init__(self) -> None:
        self._rest = ""
        self._any = False
        self._mood = ""
        """What the next clause begins with."""

    def feed(self, piece: str) -> list[Clause]:
        """The clauses that are complete now."""
        self._rest += piece
        found = []
        while (end := self._end()) is not None:
            found += self._cut(end)
        return found

    def finish(self) -> list[Clause]:
        """What is left."""
        return self._cut(len(self._rest))

    def _end(self) -> int | None:
        sentence = _SENTENCE.search(self._rest[:LONGEST_CHARACTERS])
        if sentence:
            return sentence.end() + 1
        if not self._any:
            early = [c.end() + 1 for c in _COMMA.finditer(self._rest) if c.end() >= FIRST_FROM_CHARACTERS]
            if early:
                return early[0]
        if len(self._rest) > LONGEST_CHARACTERS:
            space = self._rest.rfind(" ", 0, LONGEST_CHARACTERS)
            return space + 1 if space > 0 else LONGEST_CHARACTERS
        return None

    def _cut(self, end: int) -> list[Clause]:
        text, self._rest = self._rest[:end], self._rest[end:]
        for mood in _MOOD.findall(text):
            self._mood = mood
        text = _MOOD.sub("", text)
        if not text.strip():
            return []
        mood, self._mood = self._mood, ""
        self._any = True
        return [Clause(text, mood)]
