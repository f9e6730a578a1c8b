"""What is said around a question and means nothing: "would you mind telling me …, if you know"."""

from __future__ import annotations

from device.brain.recall.lexicon import Lexicon, Role, Words

_LONGEST = 12
"""Words of a phrase that is cut off."""
_QUESTION_WORDS = frozenset(("why", "who", "whom", "whose", "when", "where", "how", "what", "which"))
_PERSONS = frozenset(("i", "me", "you", "we", "us"))
_INDIRECT = frozenset(("if", "whether"))
_ENDINGS_BEGIN = frozenset(
    ("i", "we", "can", "could", "would", "will", "do", "please", "if", "thanks", "thank", "just", "you")
)
_LEADING_ON = frozenset(
    "a an the of in on at to by for with from and or than as like your my our his her their this that"
    " first second third next last new real big small every any what which".split()
)
"""Words after which a question is not over."""


def without_courtesy(words: Words, lexicon: Lexicon) -> Words:
    """Cut from both ends for as long as something is left that a question can be about."""
    while True:
        cuts = (_talk_before, _phrase_before, _phrase_after, _talk_after)
        shorter = next((left for cut in cuts if (left := cut(words, lexicon)) and _asks(left, lexicon)), None)
        if shorter is None:
            return words
        words = shorter


def _asks(words: Words, lexicon: Lexicon) -> bool:
    """There is something in it beside question words and little ones."""
    little = (Role.LITTLE, Role.ASK)
    return any(
        all(item.role not in little for item in lexicon.phrases.get((lexicon.form(word),), ()))
        for word in words
    )


def _phrase_before(words: Words, lexicon: Lexicon) -> Words | None:
    longest = min(len(words) - 1, _LONGEST)
    return next((words[n:] for n in range(longest, 0, -1) if words[:n] in lexicon.before), None)


def _phrase_after(words: Words, lexicon: Lexicon) -> Words | None:
    """Not what belongs to the word before: who invented the computer."""
    longest = min(len(words) - 1, _LONGEST)
    cuts = (n for n in range(longest, 0, -1) if words[-n:] in lexicon.after)
    return next((words[:-n] for n in cuts if words[-n - 1] not in _LEADING_ON), None)


def _talk_before(words: Words, lexicon: Lexicon) -> Words | None:
    """Up to the question word, where nothing but talk between the two stands before it."""
    for at, word in enumerate(words):
        before = words[:at]
        if word in _INDIRECT and not lexicon.asking.isdisjoint(before):
            return words[at:]
        if word in _QUESTION_WORDS:
            return words[at:] if not (lexicon.asking | _PERSONS).isdisjoint(before) else None
        if word not in lexicon.introducing:
            return None
    return None


def _talk_after(words: Words, lexicon: Lexicon) -> Words | None:
    """From where nothing but talk follows, some of which is asking."""
    start = len(words)
    while start and words[start - 1] in lexicon.talk:
        start -= 1
    for at in range(max(start, 1), len(words) - 1):
        if words[at] in _ENDINGS_BEGIN and not lexicon.asking.isdisjoint(words[at:]):
            return words[:at]
    return None
