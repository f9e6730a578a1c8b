"""Makes disguised words plain, so that rules can be written against ordinary spelling.

A *reading* is lower case, single spaces between words, " . " between sentences and nothing else but
letters, digits and apostrophes. A text has one to three readings: as written; with letters for the
signs that stand for them ("k1ll", "k-i-l-l"); and with stretched letters shortened ("fuuuck").
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_HOMOGLYPHS: Final = str.maketrans(
    "аеорсухкмтвнігѕјԁһոաɡɩʟαβεικνορτυχӏ" + "’‘`´ʼ＇",
    "aeopcyxkmtbhirsjdhnwgilabeiknoptuxl" + "''''''",
)
"""Cyrillic, Greek, Armenian and Latin letters that look like ours; UTS 39 confusables lists them all."""
_LEET: Final = str.maketrans("013457@$!|€", "oieastasiie")
_SENTENCE_END: Final = re.compile(r"[.!?…]+(?=\s|\Z)|[\n\r]+|[。！？]")
_NOT_A_WORD: Final = re.compile(r"[^\w'.]+|_+|(?<!\s)\.(?!\s)|(?<!\w)'|'(?!\w)")
_LEET_WORD: Final = re.compile(r"(?<![\w@$])(?=[\w@$!|€]*[a-z])(?=[\w@$!|€]*[013457@$!|€])[\w@$!|€]{3,}")
_SPELT: Final = re.compile(r"(?<![\w'])[^\W_]([ \-._*/]{1,3})[^\W_](?:\1[^\W_])+(?![\w'])")
_SEPARATORS: Final = re.compile(r"[ \-._*/]+")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")


def clean(text: str) -> str:
    """Compatibility forms composed, what cannot be seen removed; case and punctuation kept."""
    shown = unicodedata.normalize("NFKC", text)
    return "".join(char for char in shown if unicodedata.category(char) not in ("Cf", "Mn", "Me", "Co"))


def readings(text: str) -> tuple[str, ...]:
    """The different readings of a text, the one as written first. Linear in its length."""
    plain = _unaccented(clean(text)).casefold().translate(_HOMOGLYPHS)
    undisguised = _LEET_WORD.sub(lambda word: word[0].translate(_LEET), _joined(plain))
    shortened = _STRETCHED.sub(r"\1", undisguised)
    return tuple(dict.fromkeys(_words(variant) for variant in (plain, undisguised, shortened)))


def _unaccented(text: str) -> str:
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _joined(text: str) -> str:
    return _SPELT.sub(_spelt_word, text)


def _spelt_word(spelt: re.Match[str]) -> str:
    """ "k-i-l-l" is "kill", "i k i l l" is "i kill"."""
    letters = _SEPARATORS.sub("", spelt[0])
    stands_alone = spelt[1] == " " and letters[0] in "ai" and len(letters) > 3
    return f"{letters[0]} {letters[1:]}" if stands_alone else letters


def _words(text: str) -> str:
    marked = _SENTENCE_END.sub(" . ", text)
    return " ".join(_NOT_A_WORD.sub(" ", marked).split())
