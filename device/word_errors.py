"""How far what was heard is from what was said, counted in words."""

from __future__ import annotations

from dataclasses import dataclass

from device.brain.normalise import normalise
from device.brain.numerals import with_digits


@dataclass(frozen=True, slots=True)
class WordErrors:
    """The fewest changes that turn the words that were said into those that were heard."""

    said: int = 0
    substituted: int = 0
    deleted: int = 0
    inserted: int = 0

    @property
    def count(self) -> int:
        return self.substituted + self.deleted + self.inserted

    @property
    def rate(self) -> float:
        """The word error rate: 0 is perfect; above 1, more is wrong than was said."""
        return self.count / self.said if self.said else float(self.count > 0)

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.said + other.said,
            self.substituted + other.substituted,
            self.deleted + other.deleted,
            self.inserted + other.inserted,
        )


def words(text: str) -> list[str]:
    """The words that count: lower case, contractions spelled out, numbers in digits, no punctuation."""
    return [word for word in with_digits(normalise(text)).split() if any(map(str.isalnum, word))]


def word_errors(said: str, heard: str) -> WordErrors:
    """Levenshtein's distance over `words`, and what it is made of; all changes cost the same."""
    said_words, heard_words = words(said), words(heard)
    row = [WordErrors(inserted=count) for count in range(len(heard_words) + 1)]
    for said_word in said_words:
        diagonal, row[0] = row[0], row[0] + WordErrors(said=1, deleted=1)
        for at, heard_word in enumerate(heard_words, start=1):
            changes = (
                diagonal + WordErrors(said=1, substituted=int(said_word != heard_word)),
                row[at] + WordErrors(said=1, deleted=1),
                row[at - 1] + WordErrors(inserted=1),
            )
            diagonal, row[at] = row[at], min(changes, key=lambda errors: errors.count)
    return row[-1]
