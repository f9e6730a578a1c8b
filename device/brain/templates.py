"""The sentence templates of a language: what people say, by intent.

One source for two readers: the recogniser matches text against them, the speech engine translates
them into its grammar. The files are in hassil's format (https://github.com/OHF-Voice/hassil), one
subject each. Every sentence may be surrounded by the polite words of the rules `before` and `after`,
a spoken one by the few of `before_spoken` and `after_spoken`.

A block's metadata says who reads it: nothing for text alone, `speech: true` for both, `speech: only`
for speech alone. Spoken sentences stand in spoken.yaml and are few: the more a recogniser listens for,
the less of it does it hear right.
"""

from __future__ import annotations

from collections.abc import Callable
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
    return _read(language, root, lambda speech: speech != "only", "before", "after")


def for_speech(language: str, root: Path = SENTENCES) -> Templates:
    """What a speech grammar is made of: no wildcards. Raises SettingsError when a file cannot be used."""
    return _read(language, root, bool, "before_spoken", "after_spoken")


def _read(
    language: str, root: Path, wanted_by: Callable[[object], bool], before: str, after: str
) -> Templates:
    files = sorted((root / language).glob("*.yaml"))
    if not files:
        raise SettingsError(f"There are no sentences for the language {language!r} in {root}.")
    try:
        intents = Intents.from_files(files)
    except (yaml.YAMLError, ValueError, KeyError, TypeError) as broken:
        raise SettingsError(f"The sentences in {root / language} cannot be read: {broken}") from broken
    for name, intent in list(intents.intents.items()):
        wanted = [block for block in intent.data if wanted_by(_speech(block))]
        if wanted:
            intents.intents[name] = replace(intent, data=wanted)
        else:
            del intents.intents[name]
    return Templates(intents, _all_of(intents, before), _all_of(intents, after))


def _speech(block: IntentData) -> object:
    return (block.metadata or {}).get("speech", False)


def _all_of(intents: Intents, rule: str) -> tuple[str, ...]:
    sentence = intents.expansion_rules.get(rule)
    if sentence is None:
        return ()
    phrases = {
        text.strip()
        for text in sample_expression(sentence.expression, intents.slot_lists, intents.expansion_rules)
    }
    return tuple(sorted(phrases, key=lambda phrase: (len(phrase), phrase)))


def spoken_as(templates: Templates, intent: str) -> frozenset[str]:
    """Everything that can be said for an intent, polite words included: for an intent of few sentences."""
    intents = templates.intents
    bare = {
        text.strip()
        for block in intents.intents[intent].data
        for sentence in block.sentences
        for text in sample_expression(sentence.expression, intents.slot_lists, intents.expansion_rules)
    }
    around = [("", *templates.before), ("", *templates.after)]
    return frozenset(
        f"{before} {text} {after}".strip() for before in around[0] for text in bare for after in around[1]
    )
