"""What every voice does with a clause: make it speakable, bound its length, leave a pause behind it."""

from __future__ import annotations

import re

from device.brain.speakable import speakable
from device.errors import TtsError

LONGEST_TEXT = 4_000
"""Characters of one clause; as UTF-8 they fit into a pipe, so writing them to a program never waits."""
CLAUSE_PAUSE_MS = 50
SENTENCE_PAUSE_MS = 200

_SENTENCE_END = re.compile(r"[.!?…][\"'”’)]*$")


def words_to_say(text: str) -> str:
    """What of a clause can be spoken; "" if nothing can. Raises TtsError when it is too long."""
    words = speakable(text)
    if len(words) > LONGEST_TEXT:
        raise TtsError(f"A clause of {len(words)} characters is too long to speak: split it.")
    return words


def pause_ms(words: str) -> int:
    """The silence that stays at the end: a clause goes on at once, a sentence lets the listener breathe."""
    return SENTENCE_PAUSE_MS if _SENTENCE_END.search(words) else CLAUSE_PAUSE_MS
