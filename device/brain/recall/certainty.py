"""How sure it is that an utterance asks what a kept question asks.

Sure is only what differs in nothing that matters: every concept of the one is in the other, or was
misheard as something that sounds like it. A wrong answer is far worse than none.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import combinations

from device.brain.recall.kinship import Kinship, paired
from device.brain.recall.lexicon import Item, Lexicon, Role, Words
from device.brain.recall.meaning import Meaning, items_of
from device.brain.recall.sound_alike import begin_alike, likeness, sound_the_same

SAME_WORDS = 1.0
SAME_MEANING = 0.95
MISHEARD = 0.9
ELSEWHERE = 0.92
AKIN = 0.93
ENOUGH = 0.75
"""Below it nothing is spoken."""
_LIGHT_COSTS = 0.06
_UNASKED_COSTS = 0.08
"""Of a question without a question word, where the other has "what"."""
_SOUND_COSTS = 0.4
_KIN_COSTS = 0.25
_LEAST_KIN = 0.4
_LEAST_KIN_ALONE = 0.6
"""Where nothing else says that it is the same question."""
_MOST_AKIN = 2
_SOUNDS_LIKE = 0.8
_SOUNDS_THE_SAME = 0.9
_PIECE_SOUNDS_LIKE = 0.7
_DECISIVE_SOUNDS_LIKE = 0.85
_MOST_PIECES = 3
_MOST_MISHEARD = 2
_LITTLE_OF_IT, _MOST_OF_IT = 0.2, 0.5
_LONG_NAME = 6
"""Letters, of a name that may be misheard with nothing else to go by."""
_EVEN_HANDED = frozenset(("far", "different", "near", "plus", "times", "similar"))
"""Between two things these are the same from either side."""


def certainty(asked: Meaning, kept: Meaning, lexicon: Lexicon, kinship: Kinship) -> float:
    """0 to 1."""
    if asked.words == kept.words:
        return SAME_WORDS
    if not asked.concepts or not kept.concepts:
        return 0.0
    return max(
        _same_meaning(asked, kept, lexicon, kinship),
        _words_elsewhere(asked, kept, lexicon),
        _misheard(asked, kept, lexicon),
    )


def _same_meaning(asked: Meaning, kept: Meaning, lexicon: Lexicon, kinship: Kinship) -> float:
    cost = _ask_costs(asked.ask, kept.ask)
    if cost is None or asked.decisive != kept.decisive or _swapped(asked, kept, lexicon):
        return 0.0
    light = _light(kept.ask, lexicon)
    more, less = set(asked.concepts) - set(kept.concepts), set(kept.concepts) - set(asked.concepts)
    if not more and not less:
        return SAME_MEANING - cost
    if more and less:
        return _akin(asked, kept, light, kinship) - cost
    if (more | less) - light or not (set(asked.concepts) & set(kept.concepts)) - light:
        return 0.0
    return SAME_MEANING - cost - _LIGHT_COSTS * len(more | less)


def _words_elsewhere(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """The very words in another order, whatever phrases they make there; little ones are not looked at."""
    if asked.ask != kept.ask or _swapped(asked, kept, lexicon):
        return 0.0
    return ELSEWHERE if _telling(asked.words, lexicon) == _telling(kept.words, lexicon) else 0.0


def _telling(words: Words, lexicon: Lexicon) -> frozenset[str]:
    return frozenset(
        form for word in words if (form := lexicon.form(word)) and _tells(lexicon.phrases.get((form,), ()))
    )


def _tells(items: tuple[Item, ...]) -> bool:
    return not items or any(item.role in (Role.CONCEPT, Role.DECISIVE) for item in items)


def _akin(asked: Meaning, kept: Meaning, light: frozenset[str], kinship: Kinship) -> float:
    """What the two do not share is called by words that mean nearly the same."""
    ours, theirs = _unshared(asked, kept, frozenset()), _unshared(kept, asked, frozenset())
    if max(len(ours), len(theirs)) > _MOST_AKIN + 2:
        return 0.0
    pairs = paired(ours, theirs, kinship)
    left = pairs.asked | pairs.kept
    shared = (set(asked.concepts) & set(kept.concepts)) - light
    least = _LEAST_KIN if shared else _LEAST_KIN_ALONE
    if left - light or len(pairs.nearness) > _MOST_AKIN or min(pairs.nearness, default=1.0) < least:
        return 0.0
    return AKIN - sum(_KIN_COSTS * (1 - near) for near in pairs.nearness) - _LIGHT_COSTS * len(left)


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
    if kept.ask and asked.ask not in ("", "whether", kept.ask) and asked.words[0] != kept.words[0]:
        return 0.0
    same = asked.decisive == kept.decisive and _ask_costs(asked.ask, kept.ask) is not None
    return max(_concepts_alike(asked, kept, lexicon) if same else 0.0, _words_alike(asked, kept, lexicon))


def _concepts_alike(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """The concepts that the two do not share sound alike, wherever they stand."""
    light = _light(kept.ask, lexicon)
    heard, meant = _unshared(asked, kept, light), _unshared(kept, asked, light)
    if (
        not heard
        or not meant
        or max(len(heard), len(meant)) > _MOST_MISHEARD
        or _swapped(asked, kept, lexicon)
    ):
        return 0.0
    said, once = "".join(word for _, word in heard), "".join(word for _, word in meant)
    if not begin_alike(said, once):
        return 0.0
    names, known = [name for name, _ in heard], [name for name, _ in meant]
    alone = not (set(asked.concepts) & set(kept.concepts)) - light
    if _are_rivals(names, known, said, once, lexicon) or (alone and len(once) < _LONG_NAME):
        return 0.0
    sound = likeness(said, once)
    sure = alone or _all_known(names, known, lexicon)
    return (
        MISHEARD - _SOUND_COSTS * (1 - sound)
        if sound >= (_SOUNDS_THE_SAME if sure else _SOUNDS_LIKE)
        else 0.0
    )


def _unshared(one: Meaning, other: Meaning, light: frozenset[str]) -> list[tuple[str, str]]:
    return [
        (name, said)
        for name, said in zip(one.concepts, one.spoken, strict=True)
        if name not in other.concepts and name not in light
    ]


def _words_alike(asked: Meaning, kept: Meaning, lexicon: Lexicon) -> float:
    """Word by word the same, but for pieces that sound alike, little words too ("this guy", "the sky")."""
    pieces = list(_differing(asked.words, kept.words))
    if len(pieces) > _MOST_PIECES:
        return 0.0
    alone = not set(asked.concepts) & set(kept.concepts)
    decisive = asked.decisive ^ kept.decisive
    letters, lost = 0.0, 0.0
    for said, meant in pieces:
        heard, known = _items_of(said, lexicon), _items_of(meant, lexicon)
        if heard == known or all(item.role is Role.LITTLE for item in (*heard, *known)):
            continue
        sound = _piece(said, meant, heard, known, lexicon)
        if sound is None:
            return 0.0
        if sound >= _DECISIVE_SOUNDS_LIKE:
            decisive -= {item.name for item in (*heard, *known)}
        letters += len("".join(meant))
        lost += (1 - sound) * len("".join(meant))
    sound = 1 - lost / letters if letters else 1.0
    share = letters / sum(map(len, kept.words))
    if alone or share > _MOST_OF_IT:
        least = _SOUNDS_THE_SAME
    else:
        least = _SOUNDS_LIKE if share > _LITTLE_OF_IT else _PIECE_SOUNDS_LIKE
    if decisive or sound < least:
        return 0.0
    return MISHEARD - _SOUND_COSTS * (1 - sound)


def _piece(said: Words, meant: Words, heard: list[Item], known: list[Item], lexicon: Lexicon) -> float | None:
    """How alike two pieces sound; None: the one was not misheard for the other."""
    one, other = "".join(said), "".join(meant)
    names, meanings = _names(heard), _names(known)
    sound = likeness(one, other)
    least = (
        _SOUNDS_THE_SAME if names != meanings and _all_known(names, meanings, lexicon) else _PIECE_SOUNDS_LIKE
    )
    rivals = _are_rivals(names, meanings, one, other, lexicon)
    begins = begin_alike(one, other) or not names or not meanings
    return None if rivals or not begins or sound < least else sound


def _differing(asked: Words, kept: Words) -> Iterator[tuple[Words, Words]]:
    for what, a, b, c, d in SequenceMatcher(None, asked, kept, autojunk=False).get_opcodes():
        if what != "equal":
            yield asked[a:b], kept[c:d]


def _items_of(words: Words, lexicon: Lexicon) -> list[Item]:
    return [item for item, _ in items_of(words, lexicon)]


def _names(items: list[Item]) -> list[str]:
    return [item.name for item in items if item.role is Role.CONCEPT]


def _are_rivals(heard: list[str], meant: list[str], said: str, once: str, lexicon: Lexicon) -> bool:
    """One of these is a thing of the same kind as one of those, so that another thing was asked about."""
    pairs = ((one, other) for one in heard for other in meant if one != other)
    return any(lexicon.alike_in_kind(*pair) for pair in pairs) and not sound_the_same(said, once)


def _all_known(heard: list[str], meant: list[str], lexicon: Lexicon) -> bool:
    """Both are words that the pack knows, so that the one was hardly misheard for the other."""
    known = [name in lexicon.kinds or (name,) in lexicon.phrases for name in (*heard, *meant)]
    return bool(heard) and bool(meant) and all(known)
