"""What a language model writes, as what may be said: whole characters, no markers, no thoughts. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

THOUGHT_BEGINS, THOUGHT_ENDS = "<think>", "</think>"
"""Qwen 3, DeepSeek R1 and their kin write what they think between these."""


class ReplyText:
    """One reply, fed in pieces that may break anywhere, even inside a character or a marker."""

    def __init__(self, markers: Sequence[str] = (), *, thinking: bool = False) -> None:
        """`markers` end the reply. `thinking`: it begins inside a thought."""
        self._markers = tuple(markers)
        self._thinking = thinking
        self._characters = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._held = ""
        self.said = False
        """Something came out."""
        self.ended = False
        """A marker came: nothing that follows belongs to the reply."""

    def feed(self, raw: bytes) -> str:
        """What is now certain to be part of the reply; often nothing."""
        return self.feed_text(self._characters.decode(raw))

    def feed_text(self, text: str) -> str:
        """The same for text, which has whole characters already."""
        self._held += text
        certain = ""
        while not self.ended and self._held:
            found, marker = self._first_marker()
            if not marker:
                keep = self._may_begin_marker()
                certain += self._take(len(self._held) - keep)
                break
            certain += self._take(found)
            self._held = self._held[len(marker) :]
            self.ended = marker in self._markers
            self._thinking = marker == THOUGHT_BEGINS
        return self._without_leading_space(certain)

    def finish(self) -> str:
        """The model has ended: what was held back because it could have become a marker."""
        rest = "" if self.ended else self._take(len(self._held))
        return self._without_leading_space(rest)

    @property
    def _awaited(self) -> tuple[str, ...]:
        return (THOUGHT_ENDS,) if self._thinking else (*self._markers, THOUGHT_BEGINS)

    def _first_marker(self) -> tuple[int, str]:
        """Where the first one is, and which; the longest of those at one place."""
        places = [(self._held.find(marker), -len(marker), marker) for marker in self._awaited]
        found, _, marker = min((place for place in places if place[0] >= 0), default=(0, 0, ""))
        return found, marker

    def _may_begin_marker(self) -> int:
        """How many characters at the end could be the beginning of a marker."""
        longest = max(map(len, self._awaited))
        for length in range(min(longest - 1, len(self._held)), 0, -1):
            if any(marker.startswith(self._held[-length:]) for marker in self._awaited):
                return length
        return 0

    def _take(self, length: int) -> str:
        """Off what is held; thoughts are dropped."""
        taken, self._held = self._held[:length], self._held[length:]
        return "" if self._thinking else taken

    def _without_leading_space(self, text: str) -> str:
        if not self.said:
            text = text.lstrip()
            self.said = bool(text)
        return text
