"""From words to an intent: the sentence templates first."""

from __future__ import annotations

from hassil import RecognizeResult, recognize_all

from device.brain import templates
from device.brain.normalise import normalise, without_polite_words
from device.contracts import Intent

_LONGEST = 300
"""Characters: nobody words a command in more."""


class Recogniser:
    """Recognises what the skills serve, in one language. Stateless after construction."""

    def __init__(self, language: str) -> None:
        self._templates = templates.for_text(language)

    def recognise(self, text: str) -> Intent | None:
        """The intent of a text, or None. Pure; about 1 ms on a small machine."""
        if len(text) > _LONGEST:
            return None
        words = normalise(text)
        bare = without_polite_words(words, self._templates.before, self._templates.after)
        for candidate in dict.fromkeys((bare, words)):
            for match in recognize_all(candidate, self._templates.intents):
                return _intent(match)
        return None


def _intent(match: RecognizeResult) -> Intent:
    return Intent(match.intent.name, {slot.name: slot.value for slot in match.entities_list})
