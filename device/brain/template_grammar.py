"""Sentence templates (hassil) as a speech grammar: the tree is translated, sentences are never listed.

A template is a pattern of characters, a grammar one of words, and a word may be put together from
several places of the tree: `light[s]`, `what('s| is) the time`. So each part is translated into
pieces that tell what touches their edges, and words are joined where two pieces meet. Only a word
that is really put together is written out in its variants.
"""

from __future__ import annotations

import itertools
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from hassil.expression import (
    Alternative,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.intents import IntentData, Intents, RangeSlotList, SlotList, TextSlotList, WildcardSlotList

from device.brain.number_words import LARGEST, number_grammar
from device.brain.speech_grammar import IMPOSSIBLE, SILENCE, Grammar, Node, Ref, Word, choice, seq

log = logging.getLogger(__name__)

_NOT_SPOKEN = re.compile(r"[^\w'\s]+")
_SPACE = re.compile(r"\s+")


class NotSpeakable(ValueError):
    """A template holds what no grammar of words can: a wildcard, or a list that does not exist."""


def template_grammar(intents: Intents, before: Iterable[str] = (), after: Iterable[str] = ()) -> Grammar:
    """The grammar of every sentence in `intents`.

    Left out are templates with a wildcard; one that cannot be translated, with a warning.
    The phrases of `before` and `after`, and the templates' skip words, may surround a sentence.
    """
    sentences: list[Node] = []
    rules: dict[str, Node] = {}
    for intent in intents.intents.values():
        for block in intent.data:
            sentences += _block(intents, intent.name, block, rules)
    return Grammar(
        tuple(dict.fromkeys(sentences)),
        rules,
        before=_phrases((*before, *intents.skip_words)),
        after=_phrases((*after, *intents.skip_words)),
    )


def _block(intents: Intents, name: str, block: IntentData, rules: dict[str, Node]) -> Iterator[Node]:
    translator = _Translator(
        {**intents.slot_lists, **block.slot_lists},
        {**intents.expansion_rules, **block.expansion_rules},
        rules,
        local=f"{name}_" if block.slot_lists else "",
    )
    for template in block.sentences:
        if translator.has_wildcard(template.expression):
            continue
        try:
            sentence = translator.sentence(template)
        except NotSpeakable as reason:
            log.warning("not a spoken command: %r in %s: %s", template.text, name, reason)
        else:
            if sentence not in (IMPOSSIBLE, SILENCE):
                yield sentence


def _phrases(phrases: Iterable[str]) -> Node:
    return choice([SILENCE, *(seq(map(_word, _spoken(phrase).split())) for phrase in phrases)])


@dataclass(frozen=True, slots=True)
class _Span:
    """Whole words, and what touches them: the end of a word begun before, the start of one that goes on."""

    left: str
    middle: Node
    right: str


_Pieces = tuple["_Span | str", ...]
"""The ways to say a part; a string is a piece of one word, touching on both sides."""

_BOUNDARY: _Pieces = (_Span("", SILENCE, ""),)


class _Translator:
    """Translates the templates of one block; rules for its lists are added to `rules`."""

    def __init__(
        self,
        lists: Mapping[str, SlotList],
        expansions: Mapping[str, Sentence],
        rules: dict[str, Node],
        local: str,
    ) -> None:
        self._lists = lists
        self._expansions = expansions
        self._rules = rules
        self._local = local

    def sentence(self, template: Sentence) -> Node:
        """Raises NotSpeakable."""
        return self._words(template.expression)

    def has_wildcard(self, part: Expression) -> bool:
        match part:
            case RuleReference(rule_name=name):
                return name in self._expansions and self.has_wildcard(self._expansions[name].expression)
            case ListReference(list_name=name):
                return isinstance(self._lists.get(name), WildcardSlotList)
            case Sequence(items=items) | Alternative(items=items) | Permutation(items=items):
                return any(map(self.has_wildcard, items))
        return False

    def _words(self, part: Expression) -> Node:
        """A part that stands alone: nothing touches it."""
        closed = _join(_join(_BOUNDARY, self._pieces(part, closed=True)), _BOUNDARY)
        return choice(span.middle for span in closed if isinstance(span, _Span))

    def _pieces(self, part: Expression, closed: bool) -> _Pieces:
        """`closed`: a word has just ended before the part, so it cannot touch anything on its left."""
        match part:
            case TextChunk():
                return _text(part.original_text)
            case Sequence(items=items):
                return self._sequence(items, closed)
            case Alternative(items=items):
                return _merge(piece for item in items for piece in self._pieces(item, closed))
            case Permutation(items=items):
                orders = itertools.permutations(items)
                return _merge(piece for order in orders for piece in self._sequence(order, closed))
            case RuleReference(rule_name=name):
                if name not in self._expansions:
                    raise NotSpeakable(f"there is no expansion rule <{name}>")
                return self._pieces(self._expansions[name].expression, closed)
            case ListReference():
                return (_Span("", self._list(part), ""),)
        raise NotSpeakable(f"{type(part).__name__} is unknown")

    def _sequence(self, items: Iterable[Expression], closed: bool) -> _Pieces:
        pieces: _Pieces = _BOUNDARY if closed else ("",)
        for item in items:
            word_ended = all(isinstance(piece, _Span) and not piece.right for piece in pieces)
            pieces = _join(pieces, self._pieces(item, word_ended))
        return pieces

    def _list(self, reference: ListReference) -> Node:
        """A reference to the rule of a list; its values are whole words."""
        if reference.prefix or reference.suffix:
            raise NotSpeakable(f"something touches the list {{{reference.list_name}}}")
        inline = reference.get_inline_range()
        if inline is not None:
            start, stop, step = inline
            return self._rule(_range_name(start, stop, step), lambda: _numbers(start, stop, step))
        values = self._lists.get(reference.list_name)
        if isinstance(values, RangeSlotList):
            return self._range(values)
        if isinstance(values, TextSlotList):
            name = f"list_{self._local}{_identifier(reference.list_name)}"
            return self._rule(name, lambda: choice(self._words(value.text_in) for value in values.values))
        raise NotSpeakable(f"there is no list {{{reference.list_name}}}")

    def _range(self, values: RangeSlotList) -> Node:
        if values.fraction_type is not None:
            log.warning("fractions of the list {%s} cannot be spoken, its whole numbers can", values.name)
        name = _range_name(values.start, values.stop, values.step)
        return self._rule(name, lambda: _numbers(values.start, values.stop, values.step))

    def _rule(self, name: str, make: Callable[[], Node]) -> Node:
        if name not in self._rules:
            self._rules[name] = make()
        return Ref(name)


def _range_name(start: int, stop: int, step: int) -> str:
    return f"number_{_identifier(f'{start}_{stop}_{step}')}"


def _numbers(start: int, stop: int, step: int) -> Node:
    if start < 0 or stop > LARGEST:
        raise NotSpeakable(f"numbers from 0 to {LARGEST} can be spoken, not {start} to {stop}")
    return number_grammar(range(start, stop + 1, step))


def _text(text: str) -> _Pieces:
    """Literal text: what stands between spaces is whole words, the rest touches its neighbours."""
    parts = _SPACE.split(_spoken(text))
    if len(parts) == 1:
        return (parts[0],)
    return (_Span(parts[0], seq(_word(part) for part in parts[1:-1]), parts[-1]),)


def _spoken(text: str) -> str:
    """Lower case, without punctuation; hyphens part words, as for whoever reads templates aloud."""
    return _NOT_SPOKEN.sub("", text.lower().replace("’", "'").replace("-", " ").replace("_", " "))


def _word(text: str) -> Node:
    if not text:
        return SILENCE
    if text.isdecimal() and int(text) <= LARGEST:
        return number_grammar([int(text)])
    return Word(text)


def _identifier(text: str) -> str:
    return re.sub(r"\W", "_", text)


def _join(before: _Pieces, after: _Pieces) -> _Pieces:
    """Every piece of `before` followed by every piece of `after`, the words that meet there made whole."""
    pieces: list[_Span | str] = []
    starts = dict.fromkeys(piece.left for piece in after if isinstance(piece, _Span))
    for left, ends in _by_left(before).items():
        for start in starts:
            until = choice(seq([span.middle, _word(span.right + start)]) for span in ends)
            pieces += [
                _Span(left, seq([until, piece.middle]), piece.right)
                for piece in after
                if isinstance(piece, _Span) and piece.left == start
            ]
    for first in before:
        for second in after:
            match first, second:
                case str(), str():
                    pieces.append(first + second)
                case str(), _Span(left, middle, right):
                    pieces.append(_Span(first + left, middle, right))
                case _Span(left, middle, right), str():
                    pieces.append(_Span(left, middle, right + second))
    return _merge(pieces)


def _by_left(pieces: _Pieces) -> dict[str, list[_Span]]:
    spans: dict[str, list[_Span]] = defaultdict(list)
    for piece in pieces:
        if isinstance(piece, _Span):
            spans[piece.left].append(piece)
    return spans


def _merge(pieces: Iterable[_Span | str]) -> _Pieces:
    """Pieces with the same edges become one with a choice between."""
    words: dict[str, None] = {}
    middles: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for piece in pieces:
        if isinstance(piece, str):
            words[piece] = None
        else:
            middles[piece.left, piece.right].append(piece.middle)
    spans = (_Span(left, choice(middle), right) for (left, right), middle in middles.items())
    return (*words, *spans)
