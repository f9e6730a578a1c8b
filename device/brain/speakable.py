"""Text as a voice should be given it: no emoji, no markup, nothing that an engine takes for a command."""

from __future__ import annotations

import re
import unicodedata

_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^)\s]*\)")
"""Markdown's link or picture: its words stay."""
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,200}>")
_SYMBOLS_SPOKEN = frozenset("°€£$¥%+=<>&@")
_UNSPOKEN = frozenset("*_`~#|[]{}\\^")
"""Markup; espeak-ng also takes what stands in [[ ]] for phonemes."""
_UNSPOKEN_CATEGORIES = frozenset({"So", "Sk", "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_VARIATION_SELECTORS = frozenset(chr(code) for code in range(0xFE00, 0xFE10))


def speakable(text: str) -> str:
    """`text` without what cannot be spoken, its words and its punctuation left; may be empty."""
    words = _TAG.sub(" ", _LINK.sub(r"\1", text))
    spoken = " ".join("".join(map(_spoken, words)).split())
    return spoken if any(map(str.isalnum, spoken)) or _SYMBOLS_SPOKEN & set(spoken) else ""


def _spoken(character: str) -> str:
    if character in _SYMBOLS_SPOKEN:
        return character
    if character in _VARIATION_SELECTORS:
        return ""
    if character in _UNSPOKEN or unicodedata.category(character) in _UNSPOKEN_CATEGORIES:
        return " "
    return character
