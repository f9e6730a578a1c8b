"""Loads the rules and the contacts from their data files.

`rules/<language>.toml`: `[words]` names parts of patterns, used as `%name%`; `benign` lists phrases
that are blanked before anything is judged ("kill time"); `[[category]]` tables follow, each with a
ruling, a sentence to say instead and its `[[category.rule]]`s. Patterns are Python regular
expressions over a *reading* (see `normalise`), always matched from and to word boundaries, in which
`\\w+` is a whole word ("it's"); with `raw = true` over the text as written. Repeats must be bounded,
so that matching stays linear; an unbounded one is refused. `child_only = true` on a category or a rule
leaves it out where the device is set up for adults.

`rules/contacts.toml`: where help is, by country.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import msgspec

from device.contracts import Direction, Ruling
from device.errors import SafetyError

_WORD: Final = re.compile(r"%(\w+)%")
_UNBOUNDED: Final = re.compile(r"(?<!\\)[*+](?![^\[]*\])|\{\d*,\}")


class Contacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a person in need finds help, worded to be spoken."""

    emergency: str
    crisis: str
    """A sentence with a way to call and, where there is one, a way to text."""


class _RuleTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    patterns: list[str]
    directions: list[Direction] = msgspec.field(default_factory=lambda: [Direction.HEARD])
    unless: list[str] = []
    raw: bool = False
    ruling: Ruling | None = None
    say_instead: str | None = None
    child_only: bool = False


class _CategoryTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    ruling: Ruling
    say_instead: str
    rule: list[_RuleTable]
    child_only: bool = False


class _RulesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    words: dict[str, str]
    benign: list[str]
    category: list[_CategoryTable]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, ready to match."""

    category: str
    name: str
    ruling: Ruling
    say_instead: str
    directions: frozenset[Direction]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    raw: bool


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All rules of one language, those that offer support first."""

    rules: tuple[Rule, ...]
    benign: re.Pattern[str]


def load_rules(
    language: str, country: str, directory: Traversable | None = None, *, for_adults: bool = False
) -> RuleSet:
    """The rules of a language, with the contacts of a country ("" or unknown: none named).

    Raises SafetyError when a file is missing, is not as described above, or a pattern is wrong.
    """
    directory = directory or files(__package__) / "rules"
    try:
        table = msgspec.toml.decode((directory / f"{language}.toml").read_bytes(), type=_RulesFile)
        contacts = load_contacts(directory)
        here = contacts.get(country.upper()) or contacts["DEFAULT"]
        rules = [
            _rule(category, rule, table, here)
            for category in table.category
            for rule in category.rule
            if not (for_adults and (category.child_only or rule.child_only))
        ]
        benign = _compile(table.benign, table.words)
    except (OSError, KeyError, ValueError, re.error, msgspec.MsgspecError) as error:
        raise SafetyError(f"The safety rules for {language!r} cannot be used: {error}") from error
    return RuleSet(tuple(sorted(rules, key=lambda rule: rule.ruling is not Ruling.SUPPORT)), benign)


def load_contacts(directory: Traversable | None = None) -> dict[str, Contacts]:
    """Contacts by ISO 3166 country code, and DEFAULT. Raises OSError or msgspec.MsgspecError."""
    directory = directory or files(__package__) / "rules"
    return msgspec.toml.decode((directory / "contacts.toml").read_bytes(), type=dict[str, Contacts])


def _rule(category: _CategoryTable, rule: _RuleTable, table: _RulesFile, contacts: Contacts) -> Rule:
    say_instead = category.say_instead if rule.say_instead is None else rule.say_instead
    return Rule(
        category=category.name,
        name=rule.name,
        ruling=rule.ruling or category.ruling,
        say_instead=say_instead.format(emergency=contacts.emergency, crisis=contacts.crisis).strip(),
        directions=frozenset(rule.directions),
        pattern=_compile(rule.patterns, table.words, bounded=not rule.raw),
        unless=_compile(rule.unless, table.words) if rule.unless else None,
        raw=rule.raw,
    )


def _compile(patterns: list[str], words: dict[str, str], bounded: bool = True) -> re.Pattern[str]:
    expanded = [_expand(pattern, words) for pattern in patterns]
    if bounded:
        expanded = [pattern.replace(r"\w+", r"[\w']+") for pattern in expanded]
    for pattern in expanded:
        if _UNBOUNDED.search(pattern.replace(r"[\w']+", "").replace(r"\w*", "")):
            raise ValueError(f"pattern {pattern!r} has an unbounded repeat")
    alternatives = "|".join(f"(?:{pattern})" for pattern in expanded)
    return re.compile(rf"\b(?:{alternatives})(?!\w)" if bounded else alternatives)


def _expand(pattern: str, words: dict[str, str]) -> str:
    while _WORD.search(pattern):
        pattern = _WORD.sub(lambda name: f"(?:{words[name[1]]})", pattern)
    return pattern
