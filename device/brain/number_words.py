"""Whole numbers as English words, and compact grammars of sets of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from device.brain.speech_grammar import SILENCE, Node, Word, choice, seq

LARGEST = 999_999

_ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    *("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen"),
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def number_grammar(numbers: Iterable[int]) -> Node:
    """Exactly `numbers` (0 to `LARGEST`) as they are said: "one hundred [and] twenty one".

    Numbers that go on alike share their words: 0 to 100 takes 38 words, not 100 sentences.

    Raises ValueError for a number outside the range.
    """
    wanted = frozenset(numbers)
    if any(not 0 <= number <= LARGEST for number in wanted):
        raise ValueError(f"Numbers from 0 to {LARGEST} can be said, not {min(wanted)} to {max(wanted)}.")
    return choice(
        [
            _below_hundred(frozenset(number for number in wanted if number < 100)),
            _multiples(frozenset(number for number in wanted if 100 <= number < 1000), 100, "hundred"),
            _multiples(frozenset(number for number in wanted if number >= 1000), 1000, "thousand"),
        ]
    )


def _below_hundred(numbers: frozenset[int]) -> Node:
    units_by_tens: dict[int, set[int]] = defaultdict(set)
    for number in numbers:
        if number >= 20:
            units_by_tens[number // 10].add(number % 10)
    tens_by_units: dict[frozenset[int], list[int]] = defaultdict(list)
    for tens, units in sorted(units_by_tens.items()):
        tens_by_units[frozenset(units)].append(tens)
    small = [Word(_ONES[number]) for number in sorted(numbers) if number < 20]
    large = [
        seq(
            [
                choice(Word(_TENS[tens - 2]) for tens in many_tens),
                choice(Word(_ONES[unit]) if unit else SILENCE for unit in sorted(units)),
            ]
        )
        for units, many_tens in tens_by_units.items()
    ]
    return choice([*small, *large])


def _multiples(numbers: frozenset[int], size: int, name: str) -> Node:
    """`<how many> hundred [[and] <rest>]`, grouped by the rests that may follow."""
    rests_by_head: dict[int, set[int]] = defaultdict(set)
    for number in numbers:
        rests_by_head[number // size].add(number % size)
    heads_by_rests: dict[frozenset[int], list[int]] = defaultdict(list)
    for head, rests in sorted(rests_by_head.items()):
        heads_by_rests[frozenset(rests)].append(head)
    return choice(
        seq([number_grammar(heads), Word(name), _rest(rests)]) for rests, heads in heads_by_rests.items()
    )


def _rest(rests: frozenset[int]) -> Node:
    """What follows "hundred" or "thousand": "and" comes before less than a hundred only."""
    nothing = [SILENCE] if 0 in rests else []
    small = frozenset(rest for rest in rests if 0 < rest < 100)
    large = frozenset(rest for rest in rests if rest >= 100)
    after_and = [seq([choice([SILENCE, Word("and")]), _below_hundred(small)])] if small else []
    return choice([*nothing, *after_and, *([number_grammar(large)] if large else [])])
