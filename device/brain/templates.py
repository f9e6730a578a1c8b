"""The sentence templates of a language: what people say, by intent.

One source for two readers: the recogniser matches text against them, the speech engine translates
them into its grammar. The files are in hassil's format (https://github.com/OHF-Voice/hassil), one
subject each. Every sentence may be surrounded by the polite words of the rules `before` and `after`.

A block's metadata says who reads it: `speech: false` for text alone (wildcards, wordings that would
make the grammar too wide), `speech: only` for speech alone, nothing for both.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import yaml
from hassil import Intents, sample_expression
from hassil.intents import IntentData

from device.errors import SettingsError

SENTENCES = Path(__file__).parent / "sentences"


@dataclass(frozen=True, slots=True)
class Templates:
    """The templates of one language, for one reader."""

    intents: Intents
    before: tuple[str, ...]
    """Polite words that may stand before a sentence, repeatedly; shortest first."""
    after: tuple[str, ...]
    """Polite words that may stand after it."""


def for_text(language: str, root: Path = SENTENCES) -> Templates:
    """What text is matched against. Raises SettingsError when a file cannot be used."""
    return _read(language, root, unwanted="only")


def for_speech(language: str, root: Path = SENTENCES) -> Templates:
    """What a speech grammar is made of: no wildcards. Raises SettingsError when a file cannot be used."""
    return _read(language, root, unwanted=False)


def _read(language: str, root: Path, unwanted: object) -> Templates:
    files = sorted((root / language).glob("*.yaml"))
    if not files:
        raise SettingsError(f"There are no sentences for the language {language!r} in {root}.")
    try:
        intents = Intents.from_files(files)
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as broken:
        raise SettingsError(f"The sentences in {root / language} cannot be read: {broken}") from broken
    for name, intent in list(intents.intents.items()):
        wanted = [block for block in intent.data if _reader(block) != unwanted]
        if wanted:
            intents.intents[name] = replace(intent, data=wanted)
        else:
            del intents.intents[name]
    return Templates(intents, _all_of(intents, "before"), _all_of(intents, "after"))


def _reader(block: IntentData) -> object:
    return (block.metadata or {}).get("speech", True)


def _all_of(intents: Intents, rule: str) -> tuple[str, ...]:
    sentence = intents.expansion_rules.get(rule)
    if sentence is None:
        return ()
    phrases = {
        text.strip()
        for text in sample_expression(sentence.expression, intents.slot_lists, intents.expansion_rules)
    }
    return tuple(sorted(phrases, key=lambda phrase: (len(phrase), phrase)))
