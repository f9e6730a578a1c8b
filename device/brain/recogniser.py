"""From words to an intent: the sentence templates first, then the classifier for other wordings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hassil import RecognizeResult, recognize_all

from device.brain import templates
from device.brain.classifier import Classifier
from device.brain.normalise import normalise, without_polite_words
from device.brain.places import Places
from device.brain.slots import SlotFiller
from device.contracts import Intent

_WEIGHTS = Path(__file__).parent / "weights"
_LONGEST = 300
"""Characters: nobody words a request in more."""


class Recogniser:
    """Recognises what the skills serve, in one language. Stateless after construction."""

    def __init__(self, language: str) -> None:
        self._templates = templates.for_text(language)
        self._classifier = Classifier(_WEIGHTS / f"{language}.npz")
        self._slots = SlotFiller(Places(language))
        self.recognise("hello")  # hassil parses its sentences at first use: 0.4 s, now rather than in a turn

    def recognise(self, text: str) -> Intent | None:
        """The intent of a text, its slots filled, or None. Pure; well under 5 ms."""
        words = normalise(text)
        if not words or len(text) > _LONGEST:
            return None
        return self._by_template(words) or self._by_classifier(words)

    def _by_template(self, words: str) -> Intent | None:
        for match, matched in self._matches(words):
            given = {slot.name: slot.value for slot in match.entities_list}
            slots = self._slots.fill(match.intent.name, given, matched)
            if slots is not None:
                return Intent(match.intent.name, slots)
        return None

    def _matches(self, words: str) -> Iterator[tuple[RecognizeResult, str]]:
        for candidate in without_polite_words(words, self._templates.before, self._templates.after):
            for match in recognize_all(candidate, self._templates.intents):
                yield match, candidate

    def _by_classifier(self, words: str) -> Intent | None:
        guess = self._classifier.guess(words)
        if guess is None:
            return None
        slots = self._slots.fill(guess.name, {}, words)
        return None if slots is None else Intent(guess.name, slots)
