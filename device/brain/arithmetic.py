"""Arithmetic as it is spoken or typed: read into one canonical form, and worked out exactly.

Nothing is evaluated by Python: a sum is read by a small grammar of its own, and every number, power
and depth is bounded, so that no request can make the device work for long.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

from device.brain.numerals import with_digits

_LONGEST = 200
"""Characters of a sum."""
_MOST_SIGNS = 60
"""Numbers and signs of a sum: bounds how deep brackets can nest."""
_LARGEST = 10**30
"""Beyond this a result cannot be followed by ear."""
_MAX_EXPONENT = 100
_MAX_FACTORIAL = 25


class CannotWorkOut(ValueError):
    """A sum has no answer that could be spoken; the message says why, to a person."""


def read_sum(text: str) -> str | None:
    """The sum in a normalised text, in canonical form ("7 × (2 + 3)"), or None if it is not one.

    A lone number is not a sum: something must be worked out.
    """
    if len(text) > _LONGEST:
        return None
    signs = _spoken_to_signs(with_digits(text))
    if signs is None:
        return None
    tokens = _TOKEN.findall(signs)
    if len(tokens) > _MOST_SIGNS or not any(token in _OPERATORS for token in tokens):
        return None
    try:
        _Reader(tokens).read()
    except _NotASum:
        return None
    except CannotWorkOut:
        pass  # it is one: the person is told why it has no answer
    return " ".join(tokens)


def work_out(sum_: str) -> Fraction:
    """The value of a canonical sum; roots are exact to 15 digits.

    Raises CannotWorkOut for a division by zero, the root of a negative number and what is too large.
    """
    return _Reader(_TOKEN.findall(sum_)).read()


# --- from words to signs ---------------------------------------------------------------------------

_N = r"(-?\d+(?:\.\d+)?)"
_PARTS = {"half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7}
_PARTS |= {"eighth": 8, "ninth": 9, "tenth": 10}
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split()

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"\b(?:dollars?|euros?|pounds?|cents?|exactly|in total|equals?|is what)\b", " "),
    (r"=", " "),
    (r"\bthe\b", " "),
    (r"\bpower of (-?) ?(\d+)", r"power \1\2"),
    (r"(?:raised )?to (\d+)(?: ?(?:st|nd|rd|th))? power\b", r"^ \1"),
    (r"(?:raised )?to power (-?\d+)", r"^ \1"),
    (rf"^add {_N} (?:and|to|with) {_N}$", r"\2 + \1"),
    (rf"^subtract {_N} from {_N}$", r"\2 - \1"),
    (rf"^take {_N} (?:away )?from {_N}$", r"\2 - \1"),
    (rf"^subtract {_N} and {_N}$", r"\1 - \2"),
    (rf"^multiply {_N} (?:by|and|with|times) {_N}$", r"\1 × \2"),
    (rf"^divide {_N} (?:by|into) {_N}$", r"\1 ÷ \2"),
    (rf"^(?:how )?(?:many )?times (?:does|can|will|do) {_N} (?:go|fit) into {_N}$", r"\2 ÷ \1"),
    (r"^sum of (?=\d)", ""),
    (rf"^(?:area of )?an? {_N} (?:by|x) {_N} (?:room|square|rectangle)$", r"\1 × \2"),
    (rf"^(?:split|share) {_N} (?:by|into|in|among|between) {_N}(?: ways| people| parts)?$", r"\1 ÷ \2"),
    (rf"^(?:percent|percentage) of {_N} is {_N}$", r"(\2 ÷ \1) × 100"),
    (rf"^{_N} is percent of {_N}$", r"(\1 ÷ \2) × 100"),
    (rf"\b{_N} more than {_N}", r"\2 + \1"),
    (rf"\b{_N} less than {_N}", r"\2 - \1"),
    (rf"\b{_N} out of {_N}", r"\1 ÷ \2"),
    (rf"\bsquare of {_N}", r"\1 ^ 2"),
    (rf"\bcube of {_N}", r"\1 ^ 3"),
    (r"^(?:double|twice) (?=\d)", "2 × "),
    (r"^triple (?=\d)", "3 × "),
    (rf"^product of {_N} and {_N}$", r"\1 × \2"),
    (rf"^difference (?:between|of) {_N} and {_N}$", r"\1 - \2"),
    (rf"^{_N} (?:percent|%) off (?:of )?{_N}$", r"\2 × (1 - \1 %)"),
    (rf"\bfactorial of {_N}", r"\1 !"),
    (rf"^an? {_N} (?:percent|%) tip on {_N}$", r"\1 % × \2"),
    (r"\b(?:cube) root of\b", " ∛ "),
    (r"\b(?:square )?root(?: of)?\b|\bsqrt\b", " √ "),
    (r"\b(?:factorial)\b", " ! "),
    (r"\bsquared\b", " ^ 2 "),
    (r"\bcubed\b", " ^ 3 "),
    (r"\b(?:percent|per cent)\b", " % "),
    (r"\b(?:plus|added to)\b", " + "),
    (r"\b(?:minus|less|take away)\b", " - "),
    (r"\b(?:times|x|multiplied by|multiply by|multiplied with|of)\b|\*", " × "),
    (r"\b(?:divided by|divide by|divided|over)\b|/", " ÷ "),
)  # fmt: skip


def _spoken_to_signs(text: str) -> str | None:
    """Words replaced by signs; None when a word is left that means nothing in a sum."""
    text = _lists(_fractions(text))
    for pattern, sign in _PHRASES:
        text = re.sub(r" +", " ", re.sub(pattern, sign, text)).strip()
    return None if re.search(r"[^\W\d]", text) else text


def _fractions(text: str) -> str:
    """ "3 quarters" → "(3 / 4)", "half of" → "(1 / 2) of"."""
    for name, below in _PARTS.items():
        text = re.sub(rf"\b(\d+) {name}s?\b(?! power)", rf"(\1 ÷ {below})", text)
        text = re.sub(rf"^(?:an? )?{name} of\b", f"(1 ÷ {below}) of", text)
    for value, name in enumerate(_ORDINALS, start=1):
        text = re.sub(rf"\b{name} power\b", f"{value} power", text)
    return re.sub(r"\b(\d+) and (?:a half|\(1 ÷ 2\))", r"(\1 + 1 ÷ 2)", text)


def _lists(text: str) -> str:
    """ "sum of 3 4 and 5" → "3 + 4 + 5", "average of 2 and 4" → "(2 + 4) ÷ 2"."""
    found = re.search(r"^(?:the )?(sum|total|average|mean) of ([\d. ]+?) and ([\d.]+)$", text) or re.search(
        r"^(add)(?: up)? ([\d. ]+?) and ([\d.]+)$", text
    )
    if not found:
        return text
    numbers = [*found[2].split(), found[3]]
    added = " + ".join(numbers)
    return f"({added}) ÷ {len(numbers)}" if found[1] in ("average", "mean") else added


# --- the grammar -----------------------------------------------------------------------------------

_TOKEN = re.compile(r"\d+(?:\.\d+)?|[-+×÷^%()!√∛]")
_OPERATORS = frozenset("-+×÷^%!√∛")


class _NotASum(ValueError):
    """The signs do not make a sum."""


class _Reader:
    """Recursive descent over the signs, working out as it reads. Usual precedence."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def read(self) -> Fraction:
        value = self._terms()
        if self._at < len(self._tokens):
            raise _NotASum(self._tokens[self._at])
        return value

    def _next(self, *wanted: str) -> str | None:
        if self._at < len(self._tokens) and self._tokens[self._at] in wanted:
            self._at += 1
            return self._tokens[self._at - 1]
        return None

    def _terms(self) -> Fraction:
        value = self._factors()
        while sign := self._next("+", "-"):
            right = self._factors()
            value = _bounded(value + right if sign == "+" else value - right)
        return value

    def _factors(self) -> Fraction:
        value = self._signed()
        while sign := self._next("×", "÷"):
            right = self._signed()
            if sign == "÷" and right == 0:
                raise CannotWorkOut("Nothing can be divided by zero.")
            value = _bounded(value * right if sign == "×" else value / right)
        return value

    def _signed(self) -> Fraction:
        return -self._signed() if self._next("-") else self._power()

    def _power(self) -> Fraction:
        value = self._marked()
        if self._next("^"):
            return _power(value, self._signed())
        return value

    def _marked(self) -> Fraction:
        value = self._operand()
        while sign := self._next("%", "!"):
            value = value / 100 if sign == "%" else _factorial(value)
        return value

    def _operand(self) -> Fraction:
        if sign := self._next("√", "∛"):
            return _root(self._signed(), 2 if sign == "√" else 3)
        if self._next("("):
            value = self._terms()
            if not self._next(")"):
                raise _NotASum("no closing bracket")
            return value
        if self._at < len(self._tokens) and self._tokens[self._at][0].isdigit():
            self._at += 1
            return _bounded(Fraction(self._tokens[self._at - 1]))
        raise _NotASum("a number is missing")


def _bounded(value: Fraction) -> Fraction:
    if abs(value) > _LARGEST:
        raise CannotWorkOut("That number is too big for me.")
    if value.denominator > _LARGEST**2:
        return value.limit_denominator(_LARGEST)
    return value


def _power(value: Fraction, exponent: Fraction) -> Fraction:
    if exponent.denominator != 1 or abs(exponent) > _MAX_EXPONENT:
        raise CannotWorkOut("I only know powers with small whole numbers.")
    if value == 0 and exponent < 0:
        raise CannotWorkOut("Nothing can be divided by zero.")
    return _bounded(value ** int(exponent))


def _factorial(value: Fraction) -> Fraction:
    if value.denominator != 1 or not 0 <= value <= _MAX_FACTORIAL:
        raise CannotWorkOut(f"I only know the factorials of whole numbers up to {_MAX_FACTORIAL}.")
    return Fraction(math.factorial(int(value)))


def _root(value: Fraction, degree: int) -> Fraction:
    if value < 0:
        raise CannotWorkOut("A negative number has no root that I could tell.")
    whole = round(float(value) ** (1 / degree))
    return Fraction(whole) if Fraction(whole) ** degree == value else Fraction(float(value) ** (1 / degree))
