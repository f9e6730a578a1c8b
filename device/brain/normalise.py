"""Words as the sentences are written: lower case, no punctuation, contractions spelled out."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CONTRACTIONS = {
    "what's": "what is", "whats": "what is", "who's": "who is", "where's": "where is",
    "when's": "when is", "how's": "how is", "hows": "how is", "it's": "it is", "that's": "that is",
    "thats": "that is", "there's": "there is", "here's": "here is", "let's": "let us", "lets": "let us",
    "i'm": "i am", "im": "i am", "i'd": "i would", "i'll": "i will", "i've": "i have",
    "you're": "you are", "youre": "you are", "you'd": "you would", "you'll": "you will",
    "you've": "you have", "we're": "we are", "they're": "they are", "how're": "how are",
    "what're": "what are", "don't": "do not", "dont": "do not", "doesn't": "does not",
    "didn't": "did not", "didnt": "did not", "can't": "cannot", "cant": "cannot", "won't": "will not",
    "wouldn't": "would not", "couldn't": "could not", "shouldn't": "should not", "isn't": "is not",
    "aren't": "are not", "wasn't": "was not", "haven't": "have not", "wanna": "want to",
    "gotta": "have to", "gonna": "going to", "lemme": "let me", "gimme": "give me",
    "o'clock": "oclock", "favourite": "favorite", "tellme": "tell me", "pls": "please", "ur": "your",
}  # fmt: skip
_SIGNS = {
    "×": " x ",
    "÷": " / ",
    "−": " - ",
    "–": " - ",
    "’": "'",
    "‘": "'",
    "´": "'",
    "√": " square root of ",
    "½": " and a half ",
}
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[a-zà-öø-ÿ]+(?:'[a-zà-öø-ÿ]+)*|[+*/^%=()]|(?<![a-z])-|-(?![a-z])")


def normalise(text: str) -> str:
    """The words of a text, one space between them; signs of arithmetic stay as words of their own."""
    text = text.lower()
    for sign, meaning in _SIGNS.items():
        text = text.replace(sign, meaning)
    return " ".join(_CONTRACTIONS.get(word, word) for word in _WORD.findall(text))


def without_polite_words(text: str, before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[str]:
    """A normalised text, then the same with one polite phrase less each time, until none is left."""
    shorter: str | None = text
    while shorter is not None:
        yield shorter
        shorter = _without_one(shorter, before, after)


def _without_one(text: str, before: tuple[str, ...], after: tuple[str, ...]) -> str | None:
    for phrase in after:
        if text.endswith(" " + phrase):
            return text[: -len(phrase) - 1]
    for phrase in before:
        if text.startswith(phrase + " "):
            return text[len(phrase) + 1 :]
    return None
