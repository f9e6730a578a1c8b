"""Numbers written as words become digits: "twenty one" → "21", "three point five" → "3.5"."""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SMALL = {word: value for value, word in enumerate(_UNITS)}
_SMALL |= {word: 10 * value for value, word in enumerate(_TENS, start=2)}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_DIGITS = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")


def with_digits(text: str) -> str:
    """A normalised text with every number in digits; its other words stay as they are."""
    words = text.split()
    out: list[str] = []
    while words:
        number = _Number()
        taken = number.take_from(words)
        out.append(f"{number.value.normalize():f}" if taken else words[0])
        del words[: taken or 1]
    return " ".join(out)


class _Number:
    """A number being read word by word, the way it is spoken: groups below a thousand, and scales."""

    def __init__(self) -> None:
        self._total = Decimal(0)
        self._group: Decimal | None = None
        self._room = 0  # the next small number must be below this to join the group
        self._scale = 10**15  # the next scale must be below this

    @property
    def value(self) -> Decimal:
        return self._total + (self._group or 0)

    def take_from(self, words: list[str]) -> int:
        """Read as far as the words make one number; returns how many were used."""
        used = 0
        for at, word in enumerate(words):
            following = words[at + 1] if at + 1 < len(words) else ""
            if word == "and" and used and words[at - 1] in ("hundred", *_SCALES) and following in _SMALL:
                continue
            if word == "a" and not used and following in ("hundred", "dozen", *_SCALES):
                self._group = Decimal(1)
            elif word == "point" and used and _SMALL.get(following, 10) < 10:
                self._group = self.value + self._after_the_point(words[at + 1 :])
                self._total = Decimal(0)
                return at + 1 + len(_leading_digits(words[at + 1 :]))
            elif not self._add(word):
                break
            used = at + 1
        return used

    def _add(self, word: str) -> bool:
        if word in _SMALL:
            return self._add_small(_SMALL[word])
        if word == "hundred" and self._group != 0 and (self._group or 1) < 100:
            self._group, self._room = 100 * (self._group or Decimal(1)), 100
            return True
        if word == "dozen" and self._group != 0 and not self._total:
            self._group, self._room = 12 * (self._group or Decimal(1)), 0
            return True
        if word in _SCALES and self._group is not None and _SCALES[word] < self._scale:
            self._scale = _SCALES[word]
            self._total, self._group, self._room = self._total + self._scale * self._group, None, 1000
            return True
        if _DIGITS.fullmatch(word) and self._group is None and not self._total:
            self._group = Decimal(word.replace(",", ""))
            return True
        return False

    def _add_small(self, small: int) -> bool:
        if self._group is not None and small >= self._room:
            return False
        self._group = (self._group or Decimal(0)) + small
        self._room = 10 if small >= 20 else 0
        return True

    @staticmethod
    def _after_the_point(words: list[str]) -> Decimal:
        return Decimal("0." + "".join(_leading_digits(words)))


def _leading_digits(words: list[str]) -> list[str]:
    digits: list[str] = []
    for word in words:
        if _SMALL.get(word, 10) >= 10:
            break
        digits.append(str(_SMALL[word]))
    return digits
