"""Every sentence that the device may have to say word for word, whatever else is broken."""

from __future__ import annotations

from itertools import chain

from device.brain.pack_files import sections
from device.brain.packs import PACKS, stock_wordings
from device.brain.safety.rules import load_rules


def fixed_sentences(language: str, country: str) -> tuple[str, ...]:
    """The stock phrases, what the safety gate says instead, what opens a slow answer, and what promises.

    Each once; nothing with a gap to fill. Raises BrokenPack or SafetyError when the language's files cannot
    be used.
    """
    instead = (rule.say_instead for rule in load_rules(language, country).rules)
    openings = sections(PACKS / language / "openings.txt")["thinking"]
    promises = chain.from_iterable(sections(PACKS / language / "promises.txt").values())
    sentences = dict.fromkeys((*stock_wordings(language), *openings, *promises, *instead))
    return tuple(sentence for sentence in sentences if sentence and "{" not in sentence)
