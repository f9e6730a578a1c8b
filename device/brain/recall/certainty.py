"""How sure it is that an utterance asks what a kept question asks.

Sure is only what differs in nothing that matters: every concept of the one is in the other, or was
misheard as something that sounds like it. A wrong answer is far worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

from device.brain.recall.lexicon import Item, Lexicon, Role, Words
from device.brain.recall.meaning import Meaning
from device.brain.recall.sound_alike import likeness

SAME_WORDS = 1.0
SAME_MEANING = 0.95
MISHEARD = 0.9
ENOUGH = 0.75
"""Below it nothing is spoken."""
_LIGHT_COSTS = 0.06
_UNASKED_COSTS = 0.08
"""Of a question without a question word, where the other has "what"."""
_SOUND_COSTS = 0.4
_SOUNDS_LIKE = 0.75
_SOUNDS_THE_SAME = 0.9
_PIECE_SOUNDS_LIKE = 0.6
_MOST_PIECES = 3
_LONG_NAME = 6
"""Letters, of a name that may be misheard with nothing else to go by."""
_EVEN_HANDED = frozenset(("far", "different", "near", "plus", "times", "similar"))
"""Between two things these are the same from either side."""


def certainty(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """0 to 1."""
    if asked.words == kept.words:
        return SAME_WORDS
    if asked.decisive != kept.decisive or not asked.concepts or not kept.concepts:
        return 0.0
    return max(_same_meaning(asked, kept, lexicon), _misheard(asked, kept, lexicon))


def _same_meaning(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    cost = _ask_costs(asked.ask, kept.ask)
    if cost is None or _swapped(asked, kept, lexicon):
        return 0.0
    light = _light(kept.ask, lexicon)
    differing = set(asked.concepts) ^ set(kept.concepts)
    if differing - light or not (set(asked.concepts) & set(kept.concepts)) - light:
        return SAME_MEANING - cost if not differing else 0.0
    return SAME_MEANING - cost - _LIGHT_COSTS * len(differing)


def _ask_costs(asked: str, kept: str) -> float | None:
    if asked == kept:
        return 0.0
    return _UNASKED_COSTS if {asked, kept} == {"", "what"} else None


def _light(ask: str, lexicon: Lexicon) -> frozenset[str]:
    return lexicon.light.get("", frozenset()) | lexicon.light.get(ask, frozenset())


def _swapped(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> bool:
    """Two things of a kind have changed places: a cat that eats a bird, a bird that eats a cat."""
    if not _EVEN_HANDED.isdisjoint(kept.concepts):
        return False
    places = {concept: at for at, concept in enumerate(asked.concepts)}
    shared = [concept for concept in kept.concepts if concept in places]
    return any(
        places[earlier] > places[later]
        for earlier, later in combinations(shared, 2)
        if "more" in kept.decisive or lexicon.alike_in_kind(earlier, later)
    )


# --- what a recogniser may have made of it --------------------------------------------------------


def _misheard(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    if asked.ask not in ("", "whether", kept.ask) and kept.ask:
        return 0.0
    same_ask = _ask_costs(asked.ask, kept.ask) is not None
    alike = _concepts_alike(asked, kept, lexicon) if same_ask else 0.0
    return max(alike, _words_alike(asked, kept, lexicon))


def _concepts_alike(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """The concepts that the two do not share sound alike, wherever they stand."""
    light = _light(kept.ask, lexicon)
    heard, meant = _unshared(asked, kept, light), _unshared(kept, asked, light)
    if not heard or not meant or len(heard) > 2 or len(meant) > 2 or _swapped(asked, kept, lexicon):
        return 0.0
    if _are_rivals([name for name, _ in heard], [name for name, _ in meant], lexicon):
        return 0.0
    said, said_then = "".join(word for _, word in heard), "".join(word for _, word in meant)
    sound = likeness(said, said_then)
    known = all(_is_known(name, lexicon) for name, _ in (*heard, *meant))
    alone = not (set(asked.concepts) & set(kept.concepts)) - light
    if sound < (_SOUNDS_THE_SAME if known or alone else _SOUNDS_LIKE):
        return 0.0
    if alone and len(said_then) < _LONG_NAME:
        return 0.0
    return MISHEARD - _SOUND_COSTS * (1 - sound)


def _unshared(one: Meaning, other: Meaning, light: frozenset[str]) -> list[tuple[str, str]]:
    return [
        (name, said)
        for name, said in zip(one.concepts, one.spoken, strict=True)
        if name not in other.concepts and name not in light
    ]


def _words_alike(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """Word by word the same, but for pieces that sound alike, little words included ("this guy", "the sky")."""
    if not set(asked.concepts) & set(kept.concepts):
        return 0.0
    letters, lost = 0, 0.0
    pieces = list(_differing(asked.words, kept.words))
    if len(pieces) > _MOST_PIECES:
        return 0.0
    for said, meant in pieces:
        heard, known = _items_of(said, lexicon), _items_of(meant, lexicon)
        if all(item.role is Role.LITTLE for item in (*heard, *known)):
            continue
        sound = likeness("".join(said), "".join(meant))
        if sound < _PIECE_SOUNDS_LIKE or _are_rivals(_names(heard), _names(known), lexicon):
            return 0.0
        if heard and known and all(_is_known(name, lexicon) for name in (*_names(heard), *_names(known))):
            lost += (sound < _SOUNDS_THE_SAME) * len("".join(meant))
        letters += len("".join(meant))
        lost += (1 - sound) * len("".join(meant))
    sound = 1 - lost / letters if letters else 1.0
    whole = sum(map(len, kept.words))
    if sound < _SOUNDS_LIKE or 2 * letters > whole:
        return 0.0
    return MISHEARD - _SOUND_COSTS * (1 - sound)


def _differing(asked: Words, kept: Words) -> Iterator[tuple[Words, Words]]:
    for what, a, b, c, d in SequenceMatcher(None, asked, kept, autojunk=False).get_opcodes():
        if what != "equal":
            yield asked[a:b], kept[c:d]


def _items_of(words: Words, lexicon: Lexicon) -> list[Item]:
    found: list[Item] = []
    for word in words:
        form = lexicon.form(word)
        found += lexicon.phrases.get((form,), (Item(Role.CONCEPT, form),))
    return found


def _names(items: list[Item]) -> list[str]:
    return [item.name for item in items if item.role is Role.CONCEPT]


def _are_rivals(heard: list[str], meant: list[str], lexicon: Lexicon) -> bool:
    return any(
        one != other and lexicon.alike_in_kind(one, other) for one in heard for other in meant
    )


def _is_known(name: str, lexicon: Lexicon) -> bool:
    """It is a word that the language's pack knows, so that it was hardly misheard for another one."""
    return name in lexicon.kinds or (name,) in lexicon.phrases
